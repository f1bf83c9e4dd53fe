"""Mapping sources to an UltraScale+ device by Yosys, and what they take; a project carries a copy of this file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dynamap.backends.vitis_rtl import tools
from dynamap.backends.vitis_rtl.levels import longest_path

PRIMITIVE = "DSP48E2"
"""Instantiated by name: its ports are declared by Yosys' own library, its contents are the vendor's."""

CELLS = "/share/xilinx/cells_xtra.v"

LUTS = {
    **{f"LUT{inputs}": 1 for inputs in range(1, 7)},
    "INV": 1,
    "SRL16E": 1,
    "SRLC32E": 1,
    "RAM32X1D": 2,
    "RAM64X1D": 2,
    "RAM128X1D": 4,
    "RAM32M": 4,
    "RAM64M": 4,
    "RAM32M16": 8,
    "RAM64M8": 8,
}
"""LUTs that each cell takes; two small functions of the same inputs in one LUT are not counted as one."""

FLIP_FLOPS = ("FDRE", "FDSE", "FDCE", "FDPE")
FREE = ("CARRY4", "CARRY8", "MUXF7", "MUXF8", "MUXF9")


@dataclass(frozen=True)
class Resources:
    """What a mapped module takes; ``bram36`` counts an 18-kbit block as half a block, rounded up.

    ``levels``: of logic on the longest path between two registers (`levels.longest_path`).
    """

    multipliers: int
    lut: int
    ff: int
    bram36: int
    uram: int
    levels: int

    def as_dict(self) -> dict[str, int]:
        """The numbers by name."""
        return asdict(self)


def map_sources(folder: Path, top: str, parameters: Mapping[str, int], sources: Sequence[str]) -> Resources:
    """Map module ``top`` with these parameters, flat, without the pads of a chip; ``sources`` lie in ``folder``.

    Raises:
        InputError: Yosys is missing, or refuses the sources or the parameters.
    """
    values = " ".join(f"-G {parameter}={value}" for parameter, value in parameters.items())
    # Yosys sees another temporary folder than ours: all names are relative to the working folder.
    script = (
        f"read_slang --threads 1 --blackboxed-module {PRIMITIVE} -DSYNTHESIS --top {top} {values} "
        f"{CELLS} {' '.join(sources)}\n"
        f"synth_xilinx -family xcup -noiopad -noclkbuf -flatten -top {top}\n"
        "tee -q -o stat.json stat -json\n"
        "write_json netlist.json\n"
    )
    (folder / "synthesis.ys").write_text(script)
    tools.yosys().run(["-q", "-s", "synthesis.ys"], folder)
    netlist = json.loads((folder / "netlist.json").read_text())
    return read_statistics((folder / "stat.json").read_text(), longest_path(netlist["modules"][top]))


def read_statistics(text: str, levels: int) -> Resources:
    """The resources in what ``stat -json`` printed.

    Raises:
        ValueError: it has a cell that is none of those that are counted.
    """
    cells: dict[str, int] = json.loads(text)["design"].get("num_cells_by_type", {})
    known = {*LUTS, *FLIP_FLOPS, *FREE, PRIMITIVE, "RAMB36E2", "RAMB18E2", "URAM288", "URAM288_BASE"}
    if unknown := cells.keys() - known:
        raise ValueError(f"cells that nobody counts: {', '.join(sorted(unknown))}")
    return Resources(
        multipliers=cells.get(PRIMITIVE, 0),
        lut=sum(cells.get(cell, 0) * luts for cell, luts in LUTS.items()),
        ff=sum(cells.get(cell, 0) for cell in FLIP_FLOPS),
        bram36=cells.get("RAMB36E2", 0) + -(-cells.get("RAMB18E2", 0) // 2),
        uram=cells.get("URAM288", 0) + cells.get("URAM288_BASE", 0),
        levels=levels,
    )
