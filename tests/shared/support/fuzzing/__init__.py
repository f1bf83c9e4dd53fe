"""Mutated input files for every command, each run in a process of its own within limits of memory and time.

``python -m support.fuzzing`` runs a campaign; `make fuzz` does, and tests/dynamap/fuzz runs parts of the same one.
"""
