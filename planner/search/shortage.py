"""Why no overlay of a device runs a network: the layer that does not fit, and the buffer that is too small for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dynamap.cost.overlay.machine import UNLIMITED, Buffers
from dynamap.cost.overlay.timing import INFEASIBLE
from dynamap.cost.overlay.transfer import Bools, Ints
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import Storages

BUFFER_NAMES = {
    "input_buffer": ("an input buffer", "bytes"),
    "weight_buffer": ("a weight buffer", "bytes"),
    "accumulator_rows": ("an accumulator buffer", "rows"),
    "row_buffer": ("room for windows that stay", "bytes"),
}

REMEDY = "use a larger --device, or a larger --on-chip budget where one is given"


def shortage(
    costs: LayerCosts, storages: Sequence[Storages], rows: Ints, columns: Ints, ceiling: Buffers, *, given: bool
) -> str:
    """A sentence that names the first layer that fits no array with the ``ceiling`` buffers, and what it lacks.

    ``given``: there is one array with buffers that cannot be chosen, and the sentence speaks of them.

    Feasibility depends on the array little: the smallest and the largest array stand for all of them.
    """
    sample = np.unique([int(np.argmin(rows * columns)), int(np.argmax(rows * columns))])
    some_rows, some_columns = rows[sample], columns[sample]

    def fits(job: int, buffers: Buffers) -> bool:
        table = costs.exact(buffers, some_rows, some_columns)[:, job]
        return bool((table < INFEASIBLE).any())

    table = costs.exact(ceiling, some_rows, some_columns)
    fitting: Bools = np.any(table < INFEASIBLE, axis=(0, 2, 3))
    layers = [
        (layer, job)
        for one, jobs in zip(storages, costs.jobs_of, strict=True)
        for layer, job in zip(one.executed, jobs, strict=True)
    ]
    for layer, job in layers:
        if fitting[job]:
            continue
        lacking = []
        for field, (name, unit) in BUFFER_NAMES.items():
            available = size = getattr(ceiling, field)
            while size < getattr(UNLIMITED, field) and not fits(int(job), replace(UNLIMITED, **{field: size})):
                size *= 2
            if size > available:
                there = f"there are {available:,}" if given else f"{available:,} are the most that fit"
                lacking.append(f"{name} of {size:,} {unit}, where {there}")
        if given:
            needs = " and ".join(lacking) or "several larger buffers at once"
            return (
                f"layer {layer.name!r} does not fit the overlay of {rows[0]} x {columns[0]} PEs: it needs {needs}; "
                "plan an overlay for this network, or one for several networks together"
            )
        needs = " and ".join(lacking) or "more buffers than fit beside each other"
        return f"layer {layer.name!r} fits no array of this device: it needs {needs}; {REMEDY}"
    if given:
        return (
            f"every layer fits the overlay of {rows[0]} x {columns[0]} PEs by itself, but no choice of formats runs "
            "them all; plan an overlay for this network, or one for several networks together"
        )
    return (
        "every layer fits some array, but no array and no division of the memory among its buffers runs all of them; "
        f"{REMEDY}"
    )
