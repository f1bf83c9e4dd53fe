"""Sweeps over models, devices and budgets: combinations, the results file, Pareto fronts (docs/explore.md)."""
