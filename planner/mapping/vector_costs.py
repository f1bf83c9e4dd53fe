"""Least cycles of the vector unit's layers for any buffers: timed once, then only compared with the buffers' sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.needs import within
from dynamap.cost.overlay.options import FORMATS
from dynamap.cost.overlay.pipeline import joined, makespan
from dynamap.cost.overlay.timing import INFEASIBLE
from dynamap.cost.overlay.transfer import Format, Ints
from dynamap.cost.overlay.vector import VectorShape, vector_work

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
        works, slots = [], []
        for number, (shape, formats_in, formats_out) in enumerate(jobs):
            for fi in formats_in:
                for fo in formats_out:
                    if fi is not Format.TOEPLITZ:
                        works.append(vector_work(machine, shape, fi, fo))
                        slots.append((number * len(FORMATS) + FORMATS.index(fi)) * len(FORMATS) + FORMATS.index(fo))
        if not works:
            empty = np.zeros(0, np.int64)
            return VectorCosts(len(jobs), empty, empty, empty, empty, empty)
        return VectorCosts(
            jobs=len(jobs),
            slot=np.repeat(slots, [len(work.held) for work in works]),
            cycles=makespan(joined([work.work for work in works])),
            held=np.concatenate([work.held for work in works]),
            written=np.concatenate([work.written for work in works]),
            resident=np.concatenate([work.resident for work in works]),
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
