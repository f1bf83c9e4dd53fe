"""The longest way between registers in a mapped netlist, counted in levels of logic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Bit = int | str
"""A wire's number, or a constant "0", "1", "x"."""

SIMPLE = (*(f"LUT{inputs}" for inputs in range(1, 7)), "INV", "MUXF7", "MUXF8", "MUXF9")
"""Each output depends on every input, and is one level behind it."""

CARRIES = ("CARRY4", "CARRY8")


def longest_path(module: Mapping[str, Any]) -> int:
    """Levels between two registers, slices, memories or ports of one flat module of ``write_json``.

    A LUT and a wide multiplexer are a level each; so is a carry chain, however long, behind what enters it. Everything
    else begins and ends a path: shift registers too, since their lengths are constant.

    Raises:
        ValueError: logic feeds itself.
    """
    paths = _Paths(module)
    ends = [bit for port in module["ports"].values() for bit in port["bits"]]
    for cell in module["cells"].values():
        if cell["type"] not in (*SIMPLE, *CARRIES):
            ends += [bit for port, bits in cell["connections"].items() for bit in bits if _is_input(cell, port)]
    return max((paths.levels(bit) for bit in ends), default=0)


def _is_input(cell: Mapping[str, Any], port: str) -> bool:
    return bool(cell["port_directions"][port] == "input")


class _Paths:
    """Levels in front of each wire, found once."""

    def __init__(self, module: Mapping[str, Any]) -> None:
        self._known: dict[Bit, int] = {}
        self._under_way: set[Bit] = set()
        self._drivers: dict[Bit, tuple[Mapping[str, Any], str, int]] = {}
        for cell in module["cells"].values():
            if cell["type"] in (*SIMPLE, *CARRIES):
                for port, bits in cell["connections"].items():
                    if not _is_input(cell, port):
                        self._drivers |= {bit: (cell, port, index) for index, bit in enumerate(bits)}

    def levels(self, bit: Bit) -> int:
        """Levels of logic that drive this wire."""
        if bit not in self._drivers:
            return 0
        if bit not in self._known:
            if bit in self._under_way:
                raise ValueError(f"logic feeds itself through wire {bit}")
            self._under_way.add(bit)
            self._known[bit] = max((self.levels(source) + step for source, step in self._sources(bit)), default=0)
            self._under_way.remove(bit)
        return self._known[bit]

    def _sources(self, bit: Bit) -> Iterator[tuple[Bit, int]]:
        """What the wire depends on, and the levels between."""
        cell, _, index = self._drivers[bit]
        wires: Mapping[str, list[Bit]] = cell["connections"]
        if cell["type"] in SIMPLE:
            yield from ((source, 1) for port, bits in wires.items() if _is_input(cell, port) for source in bits)
            return
        # Bit i of sum and carry depends on propagate and generate of bits 0 to i, and on what came in.
        for port in ("S", "DI"):
            yield from ((source, 1) for source in wires.get(port, [])[: index + 1])
        yield from ((source, 0) for source in wires.get("CI", []))
        yield from ((source, 1) for source in wires.get("CYINIT", []))
