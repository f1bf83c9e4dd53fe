"""Layers that are done as one, and tensors that lie as one: siblings, slices and concatenations in place."""
