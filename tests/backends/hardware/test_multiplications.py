"""The multipliers that the kernels' sources become, counted by a parser, are the plan's."""

from __future__ import annotations

import pytest

from dynamap.backends.intel_opencl.kernel_sources import kernel_files as opencl_files
from dynamap.backends.vitis_hls.csim import kernel_files as hls_files
from support.kernel_parser import Hardware, text_of

KERNELS = {"vitis-hls": hls_files, "intel-opencl": opencl_files}


def hardware(kernel: str, rows: int, columns: int, packing: int, changed: tuple[str, str] = ("", "")) -> Hardware:
    sources = {name: content.decode().replace(*changed) for name, content in KERNELS[kernel]().items()}
    numbers = {"ARRAY_ROWS": rows, "ARRAY_COLUMNS": columns, "PACKING": packing, "LANES": 32, "BANKS": 16}
    return Hardware(sources, numbers | {"UNIT_BYTES": 16, "WORD_BYTES": 64, "WORD_UNITS": 4})


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (5, 7), (105, 48)])
def test_the_array_has_a_multiplier_in_each_element(kernel: str, rows: int, columns: int) -> None:
    packing = 2 if kernel == "vitis-hls" else 1
    assert hardware(kernel, rows, columns, packing).multiplications("array_cycle") == rows * columns


def test_post_has_a_product_in_each_lane() -> None:
    """Sums and products of the vector unit have the same lanes, and the transform of outputs is shifts and sums.

    A product of 40 x 18 bits is two multipliers of the plan's three in a lane; the third is the vector unit's.
    """
    built = hardware("vitis-hls", 5, 7, 2)
    lanes = built.numbers["LANES"]
    assert built.multiplications("finish_lanes") == lanes
    assert [built.multiplications(taking) for taking in ("gather_sums", "sum_of_tile", "round_shift")] == [0, 0, 0]
    callers = [name for name in built.functions if "requantise(" in text_of(built.functions[name])]
    assert callers == ["requantise", "finish_lanes"] or callers == ["finish_lanes", "requantise"]


def test_a_second_product_is_counted() -> None:
    """The product stands in each of two loops over the columns: twice the multipliers."""
    call = "multiply(operand, a->right[row][j], mode.single, of_pe);"
    twice = hardware("vitis-hls", 5, 7, 2, (call, call + call))
    assert twice.multiplications("array_cycle") == 2 * 35
