"""Lower bounds on a layer's cycles over many overlays, and the tables of cases that they are made from."""
