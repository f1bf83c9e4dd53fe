"""Calibration: the float network run on data, and the ranges that it shows."""
