"""Computes at import whatever depends on no input of the network, within stated limits."""
