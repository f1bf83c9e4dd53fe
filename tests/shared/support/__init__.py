"""What several tests share: networks, plans, models, references, and the fixtures of all folders."""
