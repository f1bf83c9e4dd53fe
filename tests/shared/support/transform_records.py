"""Records for ``transform_bench.sv``."""

from __future__ import annotations

from dynamap.backends.vitis_rtl.records import Field, Record
from dynamap.backends.vitis_rtl.simulation import Bench

LANES = 16


def transform_bench(*, synthesised: bool = False) -> Bench:
    """The bench; its fields in the order of the SystemVerilog."""
    inputs = Record(
        (
            *(Field(name) for name in ("rst", "valid")),
            Field("rows", 2),
            Field("columns", 2),
            Field("data", 8, LANES, signed=True),
            Field("low", 32),
            Field("high", 32),
        )
    )
    names = ("data_line", "data_result", "output_line", "output_result")
    outputs = Record(
        (
            Field("data_valid"),
            Field("output_valid"),
            *(Field(name, 3) for name in names),
            Field("result", 16, LANES, signed=True),
            Field("sum", 32, 1, signed=True),
        )
    )
    return Bench("transform_bench", (("Lanes", LANES),), inputs, outputs, synthesised)
