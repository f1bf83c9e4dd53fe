"""Writes functions and branches out in the place of the nodes that call them."""
