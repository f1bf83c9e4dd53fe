"""Values that hosts take and give in the model's own types, in Python and in C++, against the compiler's own layout."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from dynamap.backends.data_files import image_files, input_file
from dynamap.backends.emulator import Emulator
from dynamap.backends.hardware.sources import host_headers
from dynamap.backends.program.encoding import Program
from dynamap.backends.program.host import declared_outputs, integer_inputs, real_outputs
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.program.specification import FormatCode, Role
from dynamap.backends.quantise import QuantisedNetwork, quantise
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.element_types import ElementType
from dynamap.planner.network.network import Network, Quantisation
from support.programs import one_conv, plan_on, redecided

WINDOW = Window((3, 2), (2, 1), (1, 1, 0, 1), (1, 2))

HOST = """
#include <iostream>
#include "values.h"
int main(int, char **arguments) {
    const program_file_t program(arguments[1]);
    const std::vector<std::uint8_t> input = read_file(std::string(arguments[1]) + "/values"),
                                    memory = read_file(std::string(arguments[1]) + "/memory");
    std::vector<const std::uint8_t *> ports{memory.data()};
    for (const tensor_entry_t &t : program.tensors) {
        std::vector<std::uint8_t> bytes;
        if (t.role == INPUT_ROLE) {
            if (input.size() != declared_bytes(t)) return 1;
            bytes = laid_out(t, stored_values(t, input.data()));
        } else
            append_declared(t, read_tensor(ports, memory.size(), t), bytes);
        std::cout.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
}
"""


def network_of(types: ElementType, channels: int) -> Network:
    network = one_conv(TensorShape(channels, 7, 9), 20, WINDOW)
    known = {**network.quantisation, "output": Quantisation(0.11, -20)}
    return replace(network, types=dict.fromkeys(("input", "output"), types), quantisation=known)


def prepared(types: ElementType, layout: FormatCode) -> tuple[QuantisedNetwork, Program]:
    """A convolution whose input has the layout that is wanted."""
    network = network_of(types, 3 if layout is FormatCode.TOEPLITZ else 20)
    quantised = quantise(network, samples=1)
    plan = plan_on(network, (5, 7))
    wanted = layout.name.lower()
    pinned = replace(plan, layers=(redecided(plan.layers[0], input_format=wanted),))
    return quantised, compile_program(pinned, quantised)


def image_of(types: ElementType, shape: list[int]) -> np.ndarray:
    generator = np.random.default_rng(4)
    if not types.is_integer:
        return generator.standard_normal(shape, dtype=np.float32) * 3
    limits = np.iinfo(types.value)
    return generator.integers(limits.min, limits.max + 1, shape).astype(types.value)


TYPES = (ElementType.FLOAT32, ElementType.INT8, ElementType.UINT8)
Loader = Callable[[Path], ModuleType]


@pytest.mark.parametrize("types", TYPES, ids=lambda value: value.value)
@pytest.mark.parametrize("layout", FormatCode, ids=lambda value: value.name)
def test_hosts_take_and_give_the_types_of_the_model(
    types: ElementType, layout: FormatCode, tmp_path: Path, overlay_data: Loader, cpp_host: Path
) -> None:
    """Both lay the input out as `generate` does, and read the output as `dynamap run` writes it."""
    quantised, program = prepared(types, layout)
    (entry,) = program.tensors_of(Role.INPUT).values()
    assert entry.format is layout
    image = image_of(types, quantised.network.tensors["input"].as_list())
    integers = integer_inputs(quantised, {"input": image})
    emulator = Emulator(program)
    emulator.write_input("input", integers["input"])
    for _ in emulator.run():
        pass
    stored = {"output": emulator.read("output")}
    expected = declared_outputs(quantised.network, real_outputs(quantised, stored))["output"].tobytes()
    laid = input_file(program, integers)

    for name, content in image_files(program).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "values").write_bytes(image.tobytes())
    (tmp_path / "memory").write_bytes(emulator.memory.data.tobytes())

    word = program.header.memory_word_bytes
    data = overlay_data(tmp_path).OverlayData(tmp_path, 1, word)
    memories = [memoryview(bytearray(data.bytes_per_port))]
    data.load(memories, tmp_path / "values")
    assert bytes(memories[0][entry.address : entry.address + entry.size_bytes]) == laid
    data.write(memories, 0, emulator.memory.data.tobytes())
    assert data.finish(memories, tmp_path / "values", tmp_path / "outputs") == 0
    assert (tmp_path / "outputs").read_bytes() == expected

    found = subprocess.run([cpp_host, tmp_path], check=True, capture_output=True).stdout
    assert found == laid + expected


@pytest.fixture(scope="module")
def cpp_host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program on the C++ headers: it prints the input in a folder, laid out, and the output in a memory there."""
    compiler = shutil.which("g++")
    assert compiler is not None, "g++ is needed"
    folder = tmp_path_factory.mktemp("host")
    for name, content in host_headers().items():
        (folder / name).write_bytes(content)
    (folder / "host.cpp").write_text(HOST)
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"]
    subprocess.run([compiler, *flags, "-o", folder / "host", folder / "host.cpp"], check=True)
    return folder / "host"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "too short"),
        (bytes(4 * 20 * 7 * 9 + 4), "too long"),
        (np.full(20 * 7 * 9, np.nan, "<f4").tobytes(), "NaN"),
    ],
)
def test_a_file_of_other_values_is_refused(content: bytes, message: str, tmp_path: Path, overlay_data: Loader) -> None:
    _, program = prepared(ElementType.FLOAT32, FormatCode.C16)
    for name, part in (image_files(program) | {"values": content}).items():
        (tmp_path / name).write_bytes(part)
    data = overlay_data(tmp_path).OverlayData(tmp_path, 1, program.header.memory_word_bytes)
    with pytest.raises(ValueError, match=message):
        data.load([memoryview(bytearray(data.bytes_per_port))], tmp_path / "values")


NAMES = """
#include <cstdio>
#include "program_file.h"
int main(int count, char **arguments) {
    for (int i = 1; i < count; ++i) std::printf("%s\\n", shown(arguments[i]).c_str());
}
"""


def test_a_name_cannot_look_like_a_line_of_the_host(tmp_path: Path) -> None:
    """Python's own list of what is printable is the oracle; other names come out as they are. The last is no UTF-8."""
    compiler = shutil.which("g++")
    assert compiler is not None, "g++ is needed"
    turning = ["\u202eabc\u2028", "\u2066x\ufeff", "a\u200fb\u061c"]
    names = ["conv1", "c\nPASS: every layer", "a\x1b[31m", "a\x7f\x9b", *turning, "Größe/畳み込み\U0001f600"]
    (tmp_path / "program_file.h").write_bytes(host_headers()["program_file.h"])
    (tmp_path / "names.cpp").write_text(NAMES)
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"]
    subprocess.run([compiler, *flags, "-o", tmp_path / "names", tmp_path / "names.cpp"], check=True)
    command = [tmp_path / "names", *names, b"\xe3\x1b["]
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    expected = ["".join(s if s.isprintable() else f"\\u{ord(s):04x}" for s in name).encode() for name in names]
    assert printed.split(b"\n") == [*expected, b"\xe3\\u001b[", b""]
