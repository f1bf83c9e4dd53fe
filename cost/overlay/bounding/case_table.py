"""The cases of a network's convolutions with everything about them that neither array nor buffers change.

Computed once per machine and network; timing and bounds gather from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from dynamap.cost.overlay import gemm
from dynamap.cost.overlay.blocks import (
    RowBlock,
    channel_units,
    contraction,
    input_bytes,
    result_registers,
    row_block,
    transform_registers,
)
from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.options import Cases, LayerOptions, Variants, tabulate
from dynamap.cost.overlay.transfer import Ints, ceil_ratio


def take_variants(v: Variants, index: Ints) -> Variants:
    """The variants at these positions."""
    return replace(v, **{f.name: getattr(v, f.name)[index] for f in fields(v)})


@dataclass(frozen=True)
class CaseTable:
    """``variants``, ``k``, ``units``, ``transform`` and ``results`` have one element per variant, others one per case.

    ``blocks`` of rows (strips or bands) cut the output: ``blocks - 1`` like ``main``, then ``last``; ``held`` bytes are
    in the input buffer for ``main``. All of them with all input channels.
    """

    machine: Machine
    variants: Variants
    cases: Cases
    k: gemm.Contraction
    units: Ints
    transform: Ints
    results: Ints
    blocks: Ints
    main: RowBlock
    last: RowBlock
    held: Ints

    @staticmethod
    def of(machine: Machine, layers: Sequence[LayerOptions]) -> CaseTable:
        variants, cases = tabulate(layers)
        units = channel_units(variants)
        # Cases differ in less than all columns: loads are computed once per distinct (variant, format, rows).
        key = np.stack([cases.variant, cases.format_in, cases.rows], axis=1)
        distinct, where = np.unique(key, axis=0, return_inverse=True)
        where = where.reshape(-1)
        v = take_variants(variants, distinct[:, 0])
        format_in, rows, channels = distinct[:, 1], distinct[:, 2], units[distinct[:, 0]]
        blocks = ceil_ratio(v.out_height, rows)
        remaining = v.out_height - (blocks - 1) * rows
        return CaseTable(
            machine=machine,
            variants=variants,
            cases=cases,
            k=contraction(variants, units),
            units=units,
            transform=transform_registers(variants),
            results=result_registers(variants),
            blocks=blocks[where],
            main=row_block(machine, v, format_in, rows, channels).take(where),
            last=row_block(machine, v, format_in, remaining, channels).take(where),
            held=input_bytes(v, rows, channels)[where],
        )


@dataclass(frozen=True)
class Points:
    """Design points: an array and the buffers beside it, one element each (see ``Buffers`` for the units)."""

    rows: Ints
    columns: Ints
    input_buffer: Ints
    weight_buffer: Ints
    accumulator_rows: Ints
    row_buffer: Ints

    @staticmethod
    def of(rows: Ints, columns: Ints, buffers: Sequence[Buffers]) -> Points:
        """One point per array, with the buffers of the same position."""
        sizes = [(b.input_buffer, b.weight_buffer, b.accumulator_rows, b.row_buffer) for b in buffers]
        table = np.array(sizes, np.int64).reshape(-1, 4)
        return Points(rows, columns, *(np.ascontiguousarray(column) for column in table.T))

    def take(self, index: Ints) -> Points:
        return Points(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def largest(self, array: Ints, count: int) -> Points:
        """Per array, the largest of each size; ``array`` is that of each point."""
        columns = {}
        for f in fields(self):
            columns[f.name] = np.zeros(count, np.int64)
            np.maximum.at(columns[f.name], array, getattr(self, f.name))
        return Points(**columns)

    @property
    def output_half(self) -> Ints:
        """Bytes of one half of the output buffer."""
        return self.input_buffer // 2 // 2

    def __len__(self) -> int:
        return len(self.rows)
