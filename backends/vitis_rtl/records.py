"""What a bench reads and writes in one clock cycle: named fields of integers, packed bit by bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynamap.backends.vitis_rtl.array import ArrayShape

IntArray = npt.NDArray[np.int64]

WORD_BITS = 16
CONTROL = ("rst", "outputs_stay", "paired", "take", "load", "load_last", "first", "last")


@dataclass(frozen=True)
class Field:
    """``count`` values of ``bits`` bits each."""

    name: str
    bits: int = 1
    count: int = 1
    signed: bool = False


@dataclass(frozen=True)
class Record:
    """Fields from the lowest bit up, as the concatenations in the benches have them."""

    fields: tuple[Field, ...]

    @property
    def bits(self) -> int:
        """Bits of a record."""
        return sum(field.bits * field.count for field in self.fields)

    @property
    def size(self) -> int:
        """Bytes of a record as Verilator holds it: 1, 2, 4, 8, or whole words of 4."""
        for size in (1, 2, 4, 8):
            if self.bits <= 8 * size:
                return size
        return 4 * -(-self.bits // 32)

    def pack(self, values: Mapping[str, IntArray]) -> bytes:
        """The records of all cycles; ``values`` are [cycles, count] or [cycles], and missing fields are 0."""
        unknown = values.keys() - {field.name for field in self.fields}
        assert values and not unknown, f"no such fields: {unknown}"
        cycles = len(next(iter(values.values())))
        laid = np.zeros((cycles, 8 * self.size), np.uint8)
        at = 0
        for field in self.fields:
            width = field.bits * field.count
            if field.name in values:
                value = np.asarray(values[field.name], np.int64).reshape(cycles, field.count, 1)
                cut = (value >> np.arange(field.bits)) & 1
                laid[:, at : at + width] = cut.reshape(cycles, width)
            at += width
        return np.packbits(laid, axis=1, bitorder="little").tobytes()

    def unpack(self, data: bytes) -> dict[str, IntArray]:
        """The fields of all cycles, [cycles, count] each."""
        rows = np.frombuffer(data, np.uint8).reshape(-1, self.size)
        laid = np.unpackbits(rows, axis=1, bitorder="little")
        fields = {}
        at = 0
        for field in self.fields:
            width = field.bits * field.count
            cut = laid[:, at : at + width].reshape(-1, field.count, field.bits).astype(np.int64)
            weights = np.int64(1) << np.arange(field.bits, dtype=np.int64)
            if field.signed:
                weights[-1] = -weights[-1]
            fields[field.name] = cut @ weights
            at += width
        return fields


def _moving(shape: ArrayShape) -> tuple[Field, ...]:
    return (Field("operand", shape.operand_bits, shape.rows), Field("word", WORD_BITS, shape.columns))


def core_inputs(shape: ArrayShape) -> Record:
    """The inputs of ``core_bench.sv``."""
    return Record((*(Field(name) for name in CONTROL), *_moving(shape)))


def core_outputs(shape: ArrayShape) -> Record:
    """The outputs of ``core_bench.sv``."""
    low, high = shape.pair_shift + shape.levels, shape.group_high_bits + shape.levels
    return Record(
        (
            Field("low", low, shape.columns, signed=True),
            Field("high", high, shape.columns, signed=True),
            Field("carry", 1, shape.columns),
        )
    )


def array_inputs(shape: ArrayShape) -> Record:
    """The inputs of ``array_bench.sv``."""
    tags = (
        *(Field(name) for name in ("add", "add_first", "add_half")),
        Field("add_row", shape.row_bits),
        Field("add_whole", 2),
        Field("read", 1, shape.read_groups),
        Field("read_half"),
        Field("read_row", shape.row_bits),
    )
    return Record((*(Field(name) for name in CONTROL), *tags, *_moving(shape)))


def array_outputs(shape: ArrayShape) -> Record:
    """The outputs of ``array_bench.sv``."""
    return Record(
        (
            Field("differ"),
            Field("valid", 1, shape.columns),
            Field("low", shape.accumulator_bits, shape.columns, signed=True),
            Field("high", shape.accumulator_bits, shape.columns, signed=True),
        )
    )
