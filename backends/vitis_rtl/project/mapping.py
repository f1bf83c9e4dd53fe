"""Mapping sources to a device by Yosys, and what they take; a project carries a copy of this file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dynamap.backends.vitis_rtl import tools
from dynamap.backends.vitis_rtl.levels import longest_path

PRIMITIVES = {"DSP48E2": "xcup", "DSP48E1": "xc7"}
"""Multiplier slices, instantiated by name, and what Yosys calls the devices that have them: UltraScale+, 7 series."""

DECLARATIONS = "primitives.v"
"""Their ports: the contents are the vendor's."""

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

WHOLE_BLOCKS, HALF_BLOCKS = ("RAMB36E2", "RAMB36E1"), ("RAMB18E2", "RAMB18E1")
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


def reading(folder: Path, top: str, parameters: Mapping[str, int], sources: Sequence[str], *options: str) -> str:
    """The line of a script by which Yosys reads ``sources`` in ``folder``, where the slices' ports are written too.

    Raises:
        InputError: Yosys is missing.
    """
    (folder / DECLARATIONS).write_text("".join(tools.yosys_module(name, declared=True) for name in PRIMITIVES))
    words = [
        *(f"--blackboxed-module {name}" for name in PRIMITIVES),
        f"-DSYNTHESIS --top {top}",
        *(f"-G {parameter}={value}" for parameter, value in parameters.items()),
    ]
    # Yosys sees another temporary folder than ours: all names are relative to the working folder.
    return f"read_slang --threads 1 {' '.join([*options, *words, DECLARATIONS, *sources])}\n"


WIRE_PICOSECONDS = 2000
"""What the mapper takes a wire for, far more than a LUT or a carry chain: so the fastest paths are those of few levels.

Yosys' own 300 let paths beside long carry chains be longer ones of small LUTs (docs/rtl/resources.md).
"""


def mapping(top: str, primitive: str) -> str:
    """The commands that map what was read, flat and without the pads of a chip."""
    return (
        f"scratchpad -set synth_xilinx.abc9.W {WIRE_PICOSECONDS}\n"
        f"synth_xilinx -family {PRIMITIVES[primitive]} -noiopad -noclkbuf -flatten -top {top}\n"
    )


def map_sources(
    folder: Path, top: str, parameters: Mapping[str, int], sources: Sequence[str], primitive: str = "DSP48E2"
) -> Resources:
    """Map module ``top`` with these parameters, flat, without the pads of a chip; ``sources`` lie in ``folder``.

    Raises:
        InputError: Yosys is missing, or refuses the sources or the parameters.
    """
    script = (
        f"{reading(folder, top, parameters, sources)}"
        f"{mapping(top, primitive)}"
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
    known = {*LUTS, *FLIP_FLOPS, *FREE, *PRIMITIVES, *WHOLE_BLOCKS, *HALF_BLOCKS, "URAM288", "URAM288_BASE"}
    if unknown := cells.keys() - known:
        raise ValueError(f"cells that nobody counts: {', '.join(sorted(unknown))}")
    return Resources(
        multipliers=_sum(cells, PRIMITIVES),
        lut=sum(cells.get(cell, 0) * luts for cell, luts in LUTS.items()),
        ff=_sum(cells, FLIP_FLOPS),
        bram36=_sum(cells, WHOLE_BLOCKS) + -(-_sum(cells, HALF_BLOCKS) // 2),
        uram=_sum(cells, ("URAM288", "URAM288_BASE")),
        levels=levels,
    )


def _sum(cells: Mapping[str, int], names: Iterable[str]) -> int:
    return sum(cells.get(name, 0) for name in names)
