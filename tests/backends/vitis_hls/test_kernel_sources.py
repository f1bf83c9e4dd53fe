"""The kernel's sources against the program's specification, and the packed product against plain multiplication."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from dynamap.backends.arithmetic.winograd import F23, F43, F54
from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.program import specification as spec
from dynamap.backends.program.fields import words_of
from dynamap.backends.vitis_hls.csim import KERNEL_SOURCES, WARNINGS, headers_folder, kernel_files
from dynamap.backends.vitis_hls.params import params_header

SIZES = KernelSizes(8, 8, 2, 1, 64, 32, 65536, 65536, 32768, 1024, 2048)


def source(name: str) -> str:
    return kernel_files()[name].decode()


@pytest.mark.parametrize(("macro", "record"), [("COMMAND_FIELDS", spec.Command), ("SOURCE_FIELDS", spec.Source)])
def test_records_are_those_of_the_specification(macro: str, record: type) -> None:
    """Every field at its word, with its width, in the order of the specification."""
    text = source("records.h")
    body = text[text.index(f"#define {macro}") :].split("\n\n")[0]
    found = [(kind, int(index), name) for kind, index, name in re.findall(r"(WORD|LONG)\((\d+), (\w+)\)", body)]
    assert found == [("WORD" if f.words == 1 else "LONG", f.index, f.name) for f in words_of(record)]


def test_codes_are_those_of_the_specification() -> None:
    text = source("records.h")
    listed = [name.strip() for name in re.search(r"enum \{ OP_CONV = 1,([^}]*)\}", text)[1].split(",")]  # type: ignore[index]
    assert ["OP_CONV", *listed] == [f"OP_{op.name}" for op in spec.Op]
    for kind, prefix in ((spec.Flag, "FLAG_"), (spec.FormatCode, ""), (spec.AlgorithmCode, ""), (spec.Mode, "")):
        for member in kind:
            if member.name != "NONE":
                assert re.search(rf"\b{prefix}{member.name} = {member.value}\b", text) or member.name in (
                    "KN2ROW",
                    "WINOGRAD",
                )
    assert "enum { IM2COL = 1, KN2ROW = 2, WINOGRAD = 3 }" in text
    assert "enum { NS = 1, WS = 2, IS = 3 }" in text


@pytest.mark.parametrize(
    ("name", "matrix"),
    [
        ("DATA_2", F23.data),
        ("DATA_4", F43.data),
        ("DATA_5", F54.data),
        ("OUTPUT_2", F23.output),
        ("OUTPUT_4", F43.output),
        ("OUTPUT_5", F54.output),
    ],
)
def test_winograd_matrices(name: str, matrix: object) -> None:
    text = re.search(rf"{name}\[\d\]\[\d\] = (.*?);", source("winograd.h"), re.DOTALL)
    assert text is not None
    assert [int(number) for number in re.findall(r"-?\d+", text[1])] == matrix.ravel().tolist()  # type: ignore[attr-defined]


def test_only_synthesizable_style() -> None:
    """No dynamic memory or unbounded containers in the kernel, and every stream has a depth."""
    for name in kernel_files():
        text = re.sub(r"//.*", "", source(name))
        for word in (r"\bnew\b", r"\bmalloc\b", r"\bdelete\b", r"std::vector", r"std::function", r"\bgoto\b"):
            assert not re.search(word, text), f"{name}: {word}"
    declared = {
        name: re.findall(r"\b(?:TOKENS|IN_STEP)\(\w+, (\w+), (\w+)\)", source(name))
        for name in kernel_files()
        if name.endswith(".cpp")
    }
    assert {name: len(streams) for name, streams in declared.items() if streams} == {
        "overlay.cpp": 10,
        "compute.cpp": 2,
        "post.cpp": 2,
        "vector.cpp": 1,
    }
    assert all(depth.isdigit() for streams in declared.values() for _, depth in streams)
    assert not any("hls::stream" in source(name) for name in declared), "a stream without a depth"


PROGRAM = r"""
#include <cstdio>
#include "multiplier.h"
int main() {
    for (int a = -255; a <= 255; ++a)
        for (int high = -128; high < 128; ++high)
            for (int low = -128; low < 128; ++low) {
                sum_t part[PACKING];
                const long packed = pack(high, low);
                if (packed < -(1L << (PAIR_BITS - 1)) || packed >= 1L << (PAIR_BITS - 1)) return 4;
                multiply(pack(high, low), (value_t)a, false, part);
                if (part[0] != low * a || part[1] != high * a) { std::printf("%d %d %d\n", a, high, low); return 1; }
                if (low_of(pack(high, low)) != low || high_of(pack(high, low)) != high) return 2;
            }
    for (int a = -131072; a < 131072; a += 257)
        for (int w = -6272; w <= 6272; w += 3) {
            sum_t part[PACKING];
            multiply((pair_t)w, (value_t)a, true, part);
            if (part[0] != (long)a * w || part[1] != 0) return 3;
        }
    return 0;
}
"""


def build(folder: Path, sizes: KernelSizes, text: str, *flags: str) -> subprocess.CompletedProcess[str]:
    for name, content in kernel_files().items():
        (folder / name).write_bytes(content)
    (folder / "params.h").write_text(params_header(sizes, "test"))
    (folder / "main.cpp").write_text(text)
    command = ["g++", "-std=c++17", *flags, *WARNINGS, "-isystem", str(headers_folder()), "main.cpp", "-o", "main"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


ENTRIES = r"""
#include <cstdio>
#include <initializer_list>
#include "winograd.h"
template <typename Table> int differing(const Table &table) {
    int found = 0;
    for (const auto &row : table)
        for (const int entry : row)
            for (const wide_t value : {wide_t(1), wide_t(-1), wide_t(123456789012), wide_t(-98765432109)})
                if (times_entry(entry, value) != entry * value) std::printf("%d\n", entry), ++found;
    return found;
}
int divided(int m1, int m2, long scale) {
    int found = 0;
    for (const long quotient : {0l, 1l, -1l, 127l, 1234567l, -7654321l, 1l << 35, -(1l << 35)})
        if (divide_scale(quotient * scale, m1, m2) != quotient) std::printf("%d x %d\n", m1, m2), ++found;
    return found;
}
int main() {
    if (divided(1, 2, 2) + divided(2, 2, 4) + divided(4, 1, 24) + divided(4, 4, 576) + divided(1, 5, 360)) return 1;
    return differing(OUTPUT_2) + differing(OUTPUT_4) + differing(OUTPUT_5) + differing(DATA_2) + differing(DATA_4) +
           differing(DATA_5);
}
"""


def test_entries_of_transforms_and_their_scales_are_shifts_and_sums(tmp_path: Path) -> None:
    done = build(tmp_path, SIZES, ENTRIES, "-O1")
    assert done.returncode == 0, done.stderr
    found = subprocess.run([str(tmp_path / "main")], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


RESIZED = r"""
#include <cstdio>
#include "records.h"
long last_of(long row, long size) { return (row + 1) * size < 65536 ? (row + 1) * size - 1 : 65535; }
int main() {
    for (long size = 1; size < 65536; ++size) {
        command_t c = {};
        c.size_reciprocal = size == 1 ? 0 : (int)(((1l << 32) + size - 1) / size);
        for (long row = 0; row * size < 65536; ++row)  // the first and the last row of the output that it becomes
            if (resized_row(c, (int)(row * size)) != row || resized_row(c, (int)last_of(row, size)) != row) {
                std::printf("%ld %ld\n", size, row);
                return 1;
            }
    }
    return 0;
}
"""


def test_the_row_that_a_resized_one_comes_from_is_exact_for_all_sizes(tmp_path: Path) -> None:
    done = build(tmp_path, SIZES, RESIZED, "-O2")
    assert done.returncode == 0, done.stderr
    found = subprocess.run([str(tmp_path / "main")], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize("source", KERNEL_SOURCES)
def test_sources_compile_with_exact_widths(tmp_path: Path, source: str) -> None:
    done = build(tmp_path, SIZES, f'#include "{source}"\n', "-DOVERLAY_EXACT_WIDTHS", "-fsyntax-only")
    assert done.returncode == 0, done.stderr[:2000]


@pytest.mark.parametrize("factor_bits", [27, 25])
def test_packed_product_is_exact_for_all_operands(tmp_path: Path, factor_bits: int) -> None:
    """All pairs of int8 values times all 9-bit values, in the bits of a multiplier; Winograd operands pass unsplit."""
    done = build(tmp_path, replace(SIZES, factor_bits=factor_bits), PROGRAM, "-O2")
    assert done.returncode == 0, done.stderr
    assert subprocess.run([str(tmp_path / "main")], check=False).returncode == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lanes": 24}, "the lanes work on whole units"),
        ({"input_buffer": 65536 + 64}, "a half of the input buffer is whole rows of banks"),
        ({"packing": 3}, "a multiplier makes one int8 product or two"),
        ({"port_bytes": 48}, "a beat must not straddle one"),
    ],
)
def test_wrong_sizes_are_refused_with_a_sentence(tmp_path: Path, change: dict[str, int], sentence: str) -> None:
    done = build(tmp_path, replace(SIZES, **change), '#include "params.h"\nint main() {}\n')
    assert done.returncode != 0 and sentence in done.stderr
