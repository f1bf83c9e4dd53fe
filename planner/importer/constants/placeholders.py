"""Arrays of one value that take no memory: the weights of models whose weights were left out."""

from __future__ import annotations

from dynamap.planner.importer.drafts import Array


def is_placeholder(array: Array) -> bool:
    """True where all elements of ``array`` are one and the same in memory."""
    return array.size > 1 and not any(array.strides)
