"""Convolution shapes, algorithms, dataflows, devices, timing and resources."""
