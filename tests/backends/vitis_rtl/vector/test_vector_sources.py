"""The vector unit is taken by the tools without a message, and refuses parameters that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from dynamap.backends.vitis_rtl import tools
from dynamap.backends.vitis_rtl.sources import BENCHES, SIMULATED, TWINS, VECTOR, write_sources
from dynamap.backends.vitis_rtl.synthesis import synthesise
from dynamap.backends.vitis_rtl.vector.shape import VectorUnitShape
from dynamap.cost.errors import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_sources(tmp_path, SIMULATED, BENCHES)
    return tmp_path


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(VectorUnitShape(), id="32 lanes"),
        pytest.param(VectorUnitShape(lanes=16, word_units=2, normalises=False, pool_depth=0), id="16 lanes"),
        pytest.param(VectorUnitShape(lanes=64, banks=8), id="64 lanes", marks=pytest.mark.full),
    ],
)
def test_the_vector_unit_is_taken_without_a_message(folder: Path, shape: VectorUnitShape) -> None:
    """By Verilator and slang, with its bench: all of it, and a memory."""
    values = [f"-G{name}={value}" for name, value in shape.parameters().items()]
    benches = (name for name in BENCHES if name.startswith(("axi", "port", "memory_model", "vector")))
    sources = [*VECTOR, *TWINS["lanes"], *TWINS["vector"], *benches]
    arguments = ["--lint-only", "-Wall", "--quiet", *values, *sources]
    assert tools.verilator().run([*arguments, "--top-module", "vector_bench"], folder) == ""
    printed = tools.slang().run(["-Wextra", "--top", "vector_bench", *values, *sources], folder)
    assert "Build succeeded: 0 errors, 0 warnings" in printed


@pytest.mark.parametrize(
    ("top", "changed", "sentence"),
    [
        ("vector_unit", {"Lanes": 24}, "Lanes: a multiple of 16"),
        ("vector_unit", {"Lanes": 48, "WordUnits": 2}, "Lanes: at most the bytes of a memory word"),
        ("vector_unit", {"Banks": 2, "WordUnits": 4}, "Banks: at least the units of a memory word"),
        ("vector_walker", {"Planes": 17}, "Planes: 1 to 16"),
        ("resident_buffer", {"Banks": 2, "WordUnits": 4}, "Banks: whole memory words"),
        ("pool", {"Depth": 48}, "PoolDepth: 0, or a power of two from 4 to 1024"),
        ("pool", {"Depth": 2048}, "PoolDepth: 0, or a power of two from 4 to 1024"),
    ],
)
def test_units_that_are_none_are_elaboration_errors(
    folder: Path, top: str, changed: dict[str, int], sentence: str
) -> None:
    values = [f"-G{name}={value}" for name, value in changed.items()]
    with pytest.raises(InputError, match=sentence):
        tools.slang().run(["--top", top, *values, *SIMULATED], folder)


@pytest.mark.full
@pytest.mark.parametrize(
    ("top", "multipliers", "blocks", "lut", "ff"),
    [
        ("vector_lane", 1, 0, 200, 80),
        ("pool_lane", 0, 0, 95, 60),
        ("vector_walker", 0, 0, 1200, 720),
    ],
)
def test_parts_of_the_unit(top: str, multipliers: int, blocks: int, lut: int, ff: int) -> None:
    """A lane's own multiplier: its two others, and its table, are those of the lanes that make bytes."""
    found = synthesise(top, {})
    assert (found.multipliers, found.bram36, found.uram) == (multipliers, blocks, 0)
    assert found.lut <= lut
    assert found.ff <= ff
    assert found.levels <= 7
