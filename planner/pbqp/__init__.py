"""Partitioned boolean quadratic problems: the problem, its text format, certificates and instances."""
