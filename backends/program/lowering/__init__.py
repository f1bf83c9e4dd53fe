"""Lowering: from a plan and a quantised network to the commands of the overlay program."""
