"""The kernel of a plan has the multipliers that the plan counts: P1 x P2 + 3 R, exactly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dynamap.backends.vitis_rtl import tools
from dynamap.backends.vitis_rtl.backend import backend
from dynamap.backends.vitis_rtl.project.mapping import PRIMITIVES, map_sources, reading
from dynamap.backends.vitis_rtl.sources import KERNEL_SOURCES, write_sources
from support.rtl_programs import Case, Convolution, case_of, chain

SIZES = [(16, 8), (8, 16)]
"""With memory words of 64 bytes R is 32: POST takes half of the lanes, and all of them."""


def kernel_of(array: tuple[int, int], folder: Path) -> Case:
    """A plan on this array, and its kernel's sources in ``folder``."""
    case = case_of(chain((16, 6, 7), [Convolution(32, kernel=3), Convolution(16, activation="Sigmoid")]), array=array)
    files = backend.generate(case.plan, case.program, case.image)
    write_sources(folder, KERNEL_SOURCES)
    (folder / "params.svh").write_bytes(files["src/params.svh"])
    return case


def counted(case: Case) -> int:
    """The plan's multipliers."""
    (found,) = (use.used for use in case.plan.resources if use.name == "multipliers")
    return int(found)


@pytest.mark.full
@pytest.mark.parametrize("array", SIZES, ids=str)
def test_a_kernel_has_the_slices_that_its_plan_counts(tmp_path: Path, array: tuple[int, int]) -> None:
    """As it is elaborated: slices are instances, and nothing else is a product that a synthesis would make one of."""
    case = kernel_of(array, tmp_path)
    assert counted(case) == array[0] * array[1] + 3 * 32
    script = (
        f"{reading(tmp_path, 'dynamap_kernel', {}, KERNEL_SOURCES)}flatten\nopt_expr\ntee -q -o stat.json stat -json\n"
    )
    (tmp_path / "elaborate.ys").write_text(script)
    tools.yosys().run(["-q", "-s", "elaborate.ys"], tmp_path)
    cells = json.loads((tmp_path / "stat.json").read_text())["design"]["num_cells_by_type"]
    assert [cells.get(name, 0) for name in PRIMITIVES] == [counted(case), 0]
    assert "$mul" not in cells


@pytest.mark.full
@pytest.mark.parametrize("array", SIZES, ids=str)
def test_a_kernel_is_mapped_to_them(tmp_path: Path, array: tuple[int, int]) -> None:
    """As ``make synth`` maps it."""
    case = kernel_of(array, tmp_path)
    assert map_sources(tmp_path, "dynamap_kernel", {}, KERNEL_SOURCES).multipliers == counted(case)
