"""Questions about plans: baselines, what-if, one overlay for several networks, exported problems."""
