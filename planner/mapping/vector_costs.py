"""Least cycles of the vector unit's layers for any buffers: timed once, then only compared with the buffers' sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.needs import within
from dynamap.cost.overlay.options import FORMATS
from dynamap.cost.overlay.pipeline import joined, makespan
from dynamap.cost.overlay.timing import INFEASIBLE
from dynamap.cost.overlay.transfer import Format, Ints
from dynamap.cost.overlay.vector import VectorShape
from dynamap.cost.overlay.vector_layer import VectorLayer, vector_layer

VectorJob = tuple[VectorShape, tuple[Format, ...], tuple[Format, ...]]
"""A vector layer, its formats in and its formats out."""


@dataclass(frozen=True)
class VectorCosts:
    """One element per (job, format in, format out, rows per block), in this order; ``slot`` numbers the first three.

    ``held``, ``written`` and ``resident`` bytes must fit as ``VectorWork`` says.
    """

    jobs: int
    slot: Ints
    cycles: Ints
    held: Ints
    written: Ints
    resident: Ints

    @staticmethod
    def of(machine: Machine, jobs: Sequence[VectorJob]) -> VectorCosts:
        layers, slots = [], []
        for number, (shape, formats_in, formats_out) in enumerate(jobs):
            for fi in formats_in:
                for fo in formats_out:
                    if fi is not Format.TOEPLITZ:
                        layers.append(vector_layer(machine, shape, fi, fo))
                        slots.append((number * len(FORMATS) + FORMATS.index(fi)) * len(FORMATS) + FORMATS.index(fo))
        if not layers:
            empty = np.zeros(0, np.int64)
            return VectorCosts(len(jobs), empty, empty, empty, empty, empty)
        return VectorCosts(
            jobs=len(jobs),
            slot=np.repeat(slots, [len(layer.first.held) for layer in layers]),
            cycles=_cycles(layers),
            held=np.concatenate([layer.first.held for layer in layers]),
            written=np.concatenate([layer.first.written for layer in layers]),
            resident=np.concatenate([layer.first.resident for layer in layers]),
        )

    def most_used(self, ceiling: Buffers) -> Buffers:
        """The least sizes beyond which no buffer of at most ``ceiling`` changes a layer."""
        held, written, resident = (
            int(within(demand, size).max(initial=0))
            for demand, size in (
                (self.held, ceiling.input_buffer),
                (self.written, ceiling.output_buffer // 2),
                (self.resident, ceiling.weight_buffer),
            )
        )
        return Buffers(max(held, 4 * written), resident, 0, 0)

    def least(self, buffers: Buffers) -> Ints:
        """Least cycles per (job, format in, format out); INFEASIBLE where nothing fits."""
        fits = self.held <= buffers.input_buffer
        fits &= self.written <= buffers.output_buffer // 2
        fits &= self.resident <= buffers.weight_buffer
        least = np.full(self.jobs * len(FORMATS) ** 2, INFEASIBLE)
        np.minimum.at(least, self.slot[fits], self.cycles[fits])
        return least.reshape(self.jobs, len(FORMATS), len(FORMATS))


def _cycles(layers: Sequence[VectorLayer]) -> Ints:
    """Of all passes of each layer, the layers one after the other; all passes are timed at once."""
    passes = [(work, count) for layer in layers for work, count in layer.passes]
    times = makespan(joined([work.work for work, _ in passes]))
    ends = np.cumsum([len(work.held) for work, _ in passes])
    each = [count * part for part, (_, count) in zip(np.split(times, ends[:-1]), passes, strict=True)]
    firsts = np.cumsum([0, *(len(layer.passes) for layer in layers)])
    return np.concatenate([np.sum(each[a:b], axis=0) for a, b in pairwise(firsts.tolist())])
