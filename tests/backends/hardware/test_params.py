"""The numbers of ``params.h`` in both spellings."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from dynamap.backends.hardware.numbers import DERIVED, Number, Part, Relation, delay_lines, kernel_parts
from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.hardware.spelling import cpp_header, opencl_header

SIZES = KernelSizes(8, 8, 1, 2, 64, 64, 65536, 65536, 32768, 1024, 2048)
PARTS = (*kernel_parts(SIZES), delay_lines(SIZES))


def printed(folder: Path, header: str, names: list[str]) -> dict[str, int]:
    """The numbers' values, by a C++ compiler."""
    lines = "\n".join(f'    std::printf("{name} %lld\\n", static_cast<long long>({name}));' for name in names)
    (folder / "params.h").write_text(header)
    (folder / "main.cpp").write_text(f'#include <cstdio>\n#include "params.h"\nint main() {{\n{lines}\n}}\n')
    subprocess.run(["g++", "-std=c++17", "main.cpp", "-o", "main"], cwd=folder, check=True)
    done = subprocess.run([str(folder / "main")], capture_output=True, text=True, check=True)
    return {line.split()[0]: int(line.split()[1]) for line in done.stdout.splitlines()}


def test_both_spellings_mean_the_same(tmp_path: Path) -> None:
    names = [number.name for part in PARTS for number in part.numbers]
    cpp, opencl = (printed(tmp_path, spell(PARTS, "// test"), names) for spell in (cpp_header, opencl_header))
    assert cpp == opencl
    assert cpp["WORD_BYTES"] == 2 * 64 and cpp["WORD_UNITS"] == 128 // 16 and cpp["LOWEST"] == -128
    assert cpp["WEIGHT_WORDS"] == 65536 // 128 and cpp["OUTPUT_UNITS"] == 32768 // 16
    # 8 + 8 operands are on their way at once, and two cycles more: the next power of two beyond 18.
    assert cpp["RING"] == 32
    remarks = [re.findall(r"//.*", spell(PARTS, "// test")) for spell in (cpp_header, opencl_header)]
    assert remarks[0] == remarks[1]


@pytest.mark.parametrize(("spell", "language"), [(cpp_header, "c++"), (opencl_header, "c")])
def test_a_broken_relation_stops_the_compiler_with_its_sentence(tmp_path: Path, spell: object, language: str) -> None:
    assert callable(spell)
    for ports, status in ((8, 0), (9, 1)):
        part = Part(
            "Test.",
            (Number("PORTS", ports, "ports", "ports", DERIVED),),
            (Relation("PORTS <= 8", "the kernel has arguments for at most eight ports"),),
        )
        (tmp_path / "params.h").write_text(spell((part,), "// test"))
        done = subprocess.run(
            ["g++", "-fsyntax-only", "-x", language, str(tmp_path / "params.h")], capture_output=True, text=True
        )
        assert done.returncode == status, done.stderr
    assert "the kernel has arguments for at most eight ports" in done.stderr
