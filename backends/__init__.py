"""Quantisation, the overlay program, its executors and the hardware projects."""
