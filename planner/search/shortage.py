"""Why no overlay of a device runs a network: the layer that does not fit, and the buffer that is too small for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from dynamap.cost.overlay.machine import UNLIMITED, Buffers, VectorBuffers
from dynamap.cost.overlay.timing import INFEASIBLE
from dynamap.cost.overlay.transfer import Bools, Ints
from dynamap.cost.overlay.vector_layer import smallest_blocks
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import Storages

BUFFER_NAMES = {
    "input_buffer": ("an input buffer", "bytes"),
    "weight_buffer": ("a weight buffer", "bytes"),
    "accumulator_rows": ("an accumulator buffer", "rows"),
    "row_buffer": ("room for windows that stay", "bytes"),
}

REMEDY = "use a larger --device, or a larger --on-chip budget where one is given"

OTHER_OVERLAY = "plan an overlay for this network, or one for several networks together"


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
        if own := _vector_unit_lacks(costs, int(job), fits):
            where = f"the overlay of {rows[0]} x {columns[0]} PEs" if given else "any array of this device"
            remedy = OTHER_OVERLAY if given else REMEDY
            return f"layer {layer.name!r} does not fit {where}: it takes at least {own}; {remedy}"
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
                f"{OTHER_OVERLAY}"
            )
        needs = " and ".join(lacking) or "more buffers than fit beside each other"
        return f"layer {layer.name!r} fits no array of this device: it needs {needs}; {REMEDY}"
    if given:
        return (
            f"every layer fits the overlay of {rows[0]} x {columns[0]} PEs by itself, but no choice of formats runs "
            f"them all; {OTHER_OVERLAY}"
        )
    return (
        "every layer fits some array, but no array and no division of the memory among its buffers runs all of them; "
        f"{REMEDY}"
    )


def _vector_unit_lacks(costs: LayerCosts, job: int, fits: Callable[[int, Buffers], bool]) -> str | None:
    """What a vector layer takes of the vector unit's own buffers, where they are too small whatever the others are."""
    there = costs.machine.vector
    if there is None or job < costs.conv_jobs or fits(job, UNLIMITED):
        return None
    taken = smallest_blocks(costs.machine, costs.vector_work[job - costs.conv_jobs][0], there.inputs)
    return f"{vector_bytes(taken)} in the vector unit, which has {vector_bytes(there)}"


def vector_bytes(buffers: VectorBuffers) -> str:
    """The vector unit's own buffers, in words."""
    inputs, outputs = f"{buffers.inputs:,} bytes of inputs", f"{buffers.outputs:,} of outputs"
    if not buffers.resident:
        return f"{inputs} and {outputs}"
    return f"{inputs}, {outputs} and {buffers.resident:,} of values that stay"
