"""Additions take the last two of their tensors in one slot (docs/overlay.md, section 7).

Both are read in one cycle, so their units must lie in different banks: the tensors are a distance apart that does so.
"""

from __future__ import annotations

import numpy as np

from dynamap.cost.overlay.fitting.memory.banks import vector_banks
from dynamap.cost.overlay.transfer import Ints, ceil_ratio


def addition_taps(tensors: int, *, bends: bool) -> int:
    """Slots of a position; ``bends``: the sum is multiplied by its sign, and no product is left for a second value."""
    return tensors if bends else tensors - 1


def added_banks(lanes: int, word_units: int) -> int:
    """What the distance is counted by: banks that every vector unit has, at least two for each plane of its lanes."""
    return vector_banks(lanes, word_units, normalises=False)


def tensor_distance(units: Ints | int, planes: int, banks: int) -> Ints:
    """Units from a tensor of so many to the next one: the least whose remainder by ``banks`` is ``planes``."""
    return planes + banks * ceil_ratio(np.maximum(0, np.asarray(units) - planes), banks)
