"""The maximal buffers beside an array against trying every combination."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from dynamap.cost.device import load_device
from dynamap.cost.overlay.fitting.candidates import Candidates
from dynamap.cost.overlay.fitting.memory.sizes import grid_of
from dynamap.cost.overlay.fitting.memory.spreading import memory_use
from dynamap.cost.overlay.fitting.target import array_limit, machine_of
from dynamap.cost.overlay.machine import Buffers


@pytest.mark.parametrize("name", ["u200", "zcu102", "pynq-z2", "arria10-gx1150"])
def test_maximal_buffers_are_all_that_fit(name: str) -> None:
    device = load_device(name)
    machine = machine_of(device)
    candidates = Candidates.of(device, machine, array_limit(device, machine))
    rng = np.random.default_rng(1)
    ceiling = candidates.ceiling()
    sizes = [Buffers(*some) for some in product(*grid_of(device).axes)]
    for index in rng.choice(len(candidates.rows), 2, replace=False):
        rows, columns = int(candidates.rows[index]), int(candidates.columns[index])
        extras = candidates.memories_beside(rows, columns)
        fitting = [b for b in sizes if memory_use(device, machine, rows, columns, b, extras) is not None]
        maximal = {b for b in fitting if not any(o.at_least(b) and o != b for o in fitting)}
        found = candidates.buffers_for(rows, columns)
        assert set(found) == maximal
        assert len(set(found)) == len(found)
        assert all(ceiling.at_least(b) for b in fitting)
