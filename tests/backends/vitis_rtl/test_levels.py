"""Levels of logic, on netlists small enough to count by hand."""

from __future__ import annotations

from typing import Any

import pytest

from dynamap.backends.vitis_rtl.levels import longest_path


def cell(kind: str, outputs: dict[str, list[int]], **inputs: list[int | str]) -> dict[str, Any]:
    directions = dict.fromkeys(outputs, "output") | dict.fromkeys(inputs, "input")
    return {"type": kind, "connections": {**outputs, **inputs}, "port_directions": directions}


def module(*cells: dict[str, Any], out: list[int]) -> dict[str, Any]:
    ports = {"out_o": {"direction": "output", "bits": out}}
    return {"ports": ports, "cells": {f"c{number}": found for number, found in enumerate(cells)}}


def test_registers_begin_and_end_paths() -> None:
    """FF - LUT - LUT - FF - LUT - port: two levels, then one."""
    found = module(
        cell("FDRE", {"Q": [1]}, D=["0"]),
        cell("LUT1", {"O": [2]}, I0=[1]),
        cell("LUT2", {"O": [3]}, I0=[2], I1=[1]),
        cell("FDRE", {"Q": [4]}, D=[3]),
        cell("INV", {"O": [5]}, I=[4]),
        out=[5],
    )
    assert longest_path(found) == 2


def test_a_carry_chain_is_one_level_and_looks_only_down() -> None:
    """A LUT enters bit 3 of the first block: bits 0 to 2 are not behind it, the second block is."""
    first = cell("CARRY4", {"O": [10, 11, 12, 13], "CO": [14, 15, 16, 17]}, S=[1, 1, 1, 2], DI=["0"] * 4, CI=["0"])
    second = cell("CARRY4", {"O": [20, 21, 22, 23], "CO": [24, 25, 26, 27]}, S=[1] * 4, DI=["0"] * 4, CI=[17])
    gate = cell("LUT1", {"O": [2]}, I0=[1])
    source = cell("FDRE", {"Q": [1]}, D=["0"])
    assert longest_path(module(source, gate, first, second, out=[12])) == 1
    assert longest_path(module(source, gate, first, second, out=[23])) == 2
    # From the sum of bit 0 back into bit 3 of the same block is no loop.
    back = cell("LUT1", {"O": [2]}, I0=[10])
    assert longest_path(module(source, back, first, second, out=[23])) == 3


def test_slices_and_memories_end_paths() -> None:
    found = module(
        cell("DSP48E2", {"P": [1, 2]}, B=["0"]),
        cell("LUT2", {"O": [3]}, I0=[1], I1=[2]),
        cell("RAMB36E2", {"DOUTADOUT": [4]}, ADDRARDADDR=[3]),
        out=[4],
    )
    assert longest_path(found) == 1


def test_logic_that_feeds_itself_is_an_error() -> None:
    found = module(cell("LUT1", {"O": [1]}, I0=[2]), cell("LUT1", {"O": [2]}, I0=[1]), out=[1])
    with pytest.raises(ValueError, match="feeds itself"):
        longest_path(found)
