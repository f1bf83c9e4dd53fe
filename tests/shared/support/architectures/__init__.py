"""Networks that people have, written as exporters write them, with seeded random weights."""

from support.architectures.catalogue import CATALOGUE, Architecture, model

__all__ = ["CATALOGUE", "Architecture", "model"]
