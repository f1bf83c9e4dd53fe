"""Sweeps over models, devices and budgets: their combinations, their results file, their Pareto fronts (docs/explore.md)."""
