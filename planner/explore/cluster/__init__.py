"""Sweeps on several workers: the Dask cluster, its local workers and what travels between them."""
