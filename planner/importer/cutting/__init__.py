"""Cutting a model into what the overlay runs and what the host runs."""
