"""The built-in networks, by name."""

from dynamap.planner.models.catalogue import BUILT_IN, CATALOGUE, BuiltIn, model_proto, resolve

__all__ = ["BUILT_IN", "CATALOGUE", "BuiltIn", "model_proto", "resolve"]
