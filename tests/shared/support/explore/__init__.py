"""Tiny devices, sweeps and clusters for tests of exploration."""
