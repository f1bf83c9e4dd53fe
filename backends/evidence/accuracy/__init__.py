"""How well the int8 network answers on a set of images, beside the float model."""
