"""The multipliers that the kernels' sources become, counted by a parser, are the plan's: there are no others.

A plan has P1 P2 in the array and 3 in each of R lanes (docs/overlay.md, section 1): two for a product of
requantisation, 40 x 18 bits, and one for a product of the vector unit. What else a loop that starts an iteration in
every cycle multiplies is a sum of shifts (times.h) or a shift.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

import dynamap
from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.intel_opencl.kernel_sources import kernel_files as opencl_files
from dynamap.backends.intel_opencl.params import params_header as opencl_params
from dynamap.backends.vitis_hls.csim import kernel_files as hls_files
from dynamap.backends.vitis_hls.flow import hls_config, hls_script
from dynamap.backends.vitis_hls.params import params_header as hls_params
from dynamap.cost.device import load_device
from support.kernel_hardware import Hardware, Product
from support.kernel_parser import text_of
from support.programs import plan_on
from support.repository import DIGITS_MODEL

KERNELS = {"vitis-hls": (hls_files, hls_params), "intel-opencl": (opencl_files, opencl_params)}
MULTIPLIERS = {"multiply": 1, "requantise": 2, "multiply_lanes": 1}
"""The functions of which the tool makes multipliers of the device, and how many of 27 x 18 bits a product takes."""

SMALL = KernelSizes(5, 7, 1, 3, 64, 96, 65536, 65536, 32768, 1024, 2048)
"""Three ports: no power of two."""


def hardware(kernel: str, sizes: KernelSizes = SMALL, file: str = "", old: str = "", new: str = "") -> Hardware:
    files, params = KERNELS[kernel]
    sources = {name: content.decode() for name, content in files().items()} | {"params.h": params(sizes, "test")}
    if file:
        assert sources[file].count(old) == 1
        sources[file] = sources[file].replace(old, new)
    return Hardware(sources, aoc=kernel == "intel-opencl")


def findings(built: Hardware) -> list[str]:
    """Products in cycles that are no multipliers of the plan."""
    return [product.name for product in built.in_cycles() if product.function not in MULTIPLIERS]


def multipliers(products: list[Product]) -> int:
    return sum(product.times * MULTIPLIERS[product.function] for product in products)


@pytest.mark.parametrize("kernel", KERNELS)
def test_nothing_multiplies_in_cycles_but_the_array_and_the_lanes(kernel: str) -> None:
    assert findings(hardware(kernel)) == []


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("rows", "columns", "lanes"), [(1, 1, 16), (5, 7, 96), (105, 48, 128)])
def test_multipliers_are_one_for_each_element_and_three_for_each_lane(
    kernel: str, rows: int, columns: int, lanes: int
) -> None:
    sizes = replace(SMALL, rows=rows, columns=columns, lanes=lanes, packing=2 if kernel == "vitis-hls" else 1)
    products = hardware(kernel, sizes).in_cycles()
    counted: Counter[str] = Counter()
    for product in products:
        counted[product.function] += product.times
    assert counted == {"multiply": rows * columns, "requantise": lanes, "multiply_lanes": lanes}
    assert multipliers(products) == rows * columns + 3 * lanes


@pytest.mark.parametrize(
    ("kernel", "device", "array"), [("vitis-hls", "u200", (72, 24)), ("intel-opencl", "arria10-gx1150", (32, 48))]
)
def test_multipliers_are_those_of_a_plan(kernel: str, device: str, array: tuple[int, int]) -> None:
    plan = plan_on(dynamap.load(DIGITS_MODEL), array, device=device)
    overlay = plan.overlay
    sizes = replace(SMALL, rows=overlay.rows, columns=overlay.columns, packing=overlay.packing, lanes=overlay.lanes)
    (planned,) = (use.used for use in plan.resources if use.name == "multipliers")
    assert multipliers(hardware(kernel, sizes).in_cycles()) == planned


@pytest.mark.parametrize(
    ("kernel", "file", "old", "new", "found"),
    [
        (
            "vitis-hls",
            "walk_load.h",
            "times(times(t->width, p->row) + units, t->pitch)",
            "(times(t->width, p->row) + units) * t->pitch",
            "place_of: (times(t->width, p->row) + units) * t->pitch",
        ),
        (
            "vitis-hls",
            "lrn.h",
            "squares[i] = square_of(centred[i]);",
            "squares[i] = (uint32_t)(centred[i] * centred[i]);",
            "take_normalised: centred[i] * centred[i]",
        ),
        (
            "vitis-hls",
            "flow_ns.h",
            "d->first += WORD_UNITS;",
            "d->first = d->row * WORD_UNITS;",
            "ns_feed: d->row * WORD",
        ),
        ("vitis-hls", "post.cpp", "first + times(pitch, j);", "first + pitch * j;", "spread_of_channels: pitch * j"),
        (
            "vitis-hls",
            "transform.h",
            "t->place += t->tile.apart;",
            "t->place *= t->i;",
            "transform_cycle: t->place *= t->i",
        ),
        ("intel-opencl", "post.cl", "times(pitch, byte / UNIT_BYTES)", "byte * pitch", "place_lanes: byte * pitch"),
        ("intel-opencl", "store.cl", "times(at.step, k)", "k * at.step", "store_cycle: k * at.step"),
        ("intel-opencl", "feed.cl", "++moved;", "moved *= index;", "feed: moved *= index"),
        ("intel-opencl", "array.cl", "++now;", "now = t * length;", "array: t * length"),
    ],
)
def test_a_product_in_a_cycle_is_named(kernel: str, file: str, old: str, new: str, found: str) -> None:
    source = KERNELS[kernel][0]()[file].decode()
    line = source[: source.index(old)].count("\n") + 1
    (name, *more) = findings(hardware(kernel, SMALL, file, old, new))
    assert name.startswith(f"{file}:{line}: {found}") and set(more) <= {name}


def test_a_product_of_constants_or_with_a_power_of_two_is_none() -> None:
    new = "d->first += WORD_UNITS * 3 + d->row * 16;"
    assert findings(hardware("vitis-hls", SMALL, "flow_ns.h", "d->first += WORD_UNITS;", new)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "more"),
    [
        ("pe.h", (call := "multiply(operand, a->right[row][j], mode.single, of_pe);"), call + call, 35),
        ("post.cpp", (last := "results.write(finished);"), last + "requantise(&c, 0, &group.own[0]);", 2),
        ("vector.cpp", (slot := "multiply_lanes(&of_slot, &lanes);"), slot + slot, 96),
    ],
)
def test_a_second_product_is_counted(file: str, old: str, new: str, more: int) -> None:
    """An unrolled loop is built as often as it turns: a call in the array's columns is one more in each element."""
    counted = multipliers(hardware("vitis-hls", SMALL, file, old, new).in_cycles())
    assert counted == 5 * 7 + 3 * 96 + more


@pytest.mark.parametrize("kernel", KERNELS)
def test_set_up_says_that_it_is(kernel: str) -> None:
    """What is multiplied once for a block is in functions that have one multiplier each, of fabric."""
    built = hardware(kernel)
    bodies = {p.function: text_of(built.functions[p.function].body) for p in built.in_set_up()}
    assert [name for name, body in bodies.items() if not re.match(r"\{\s*SET_UP\b", body)] == []


def test_multipliers_of_the_device_are_bound_and_all_others_are_fabric() -> None:
    built = hardware("vitis-hls")
    bound = {name for name, f in built.functions.items() if "bind_op" in text_of(f.body)}
    assert bound == set(MULTIPLIERS)
    assert all("op = mul impl = dsp" in text_of(built.functions[name].body) for name in bound)
    plan, device = dynamap.plan(dynamap.load(DIGITS_MODEL), device="u200"), load_device("u200")
    assert "syn.op=op:mul impl:fabric" in hls_config(plan, device).splitlines()
    assert "config_op mul -impl fabric" in hls_script(plan, device).splitlines()


def test_both_kernels_state_the_same_widths() -> None:
    """In C++ by the numbers of params.h, in OpenCL C in figures; what the array multiplies has the multiplier's."""
    cpp, opencl = (KERNELS[kernel][0]()["widths.h"].decode() for kernel in ("vitis-hls", "intel-opencl"))
    numbers = hardware("vitis-hls").numbers
    exact = {name: numbers[bits] for bits, name in re.findall(r"typedef ap_int<(\w+)> (\w+);", cpp)}
    exact |= {name: exact[other] for other, name in re.findall(r"typedef (\w+_t) (\w+_t);", cpp) if other in exact}
    built = opencl.split("#else")[1]
    stated = {name: int(bits) for bits, name in re.findall(r"typedef int(\d+)_t (\w+);", built)}
    assert {"sum_t", "product_t", "scaled_t", "lane_value_t", "scale_t"} <= stated.keys()
    assert stated == {name: exact[name] for name in stated}
    array = {name: int(bits) for bits, name in re.findall(r"typedef int(\d+)_t (value_t|pair_t);", opencl)}
    assert array == {"value_t": 16, "pair_t": 16}  # Winograd's, the widest
