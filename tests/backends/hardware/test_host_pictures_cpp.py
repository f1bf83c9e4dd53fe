"""A picture given to the hosts in C++: the same integers, to the last one, and the same classes as in Python."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from dynamap.backends.data_files import data_files
from dynamap.backends.hardware.sources import host_headers
from dynamap.backends.program.encoding import Program
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import quantise
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.element_types import ElementType
from dynamap.planner.network.network import Network, Quantisation
from dynamap.planner.request.preprocessing import parse_preprocessing
from support.programs import integer_image, one_conv, plan_on

HOST = """
#include <iostream>
#include "picture_input.h"
int main(int count, char **arguments) {
    try {
        const program_file_t program(arguments[1]);
        const auto wanted = [&](std::uint32_t role) {
            for (const tensor_entry_t &t : program.tensors)
                if (t.role == role) return t;
            throw std::runtime_error("no tensor");
        };
        if (count == 3 && is_picture(arguments[2])) {
            for (const std::int8_t value : stored_picture(arguments[2], arguments[1], wanted(INPUT_ROLE)))
                std::cout << int(value) << " ";
        } else {
            const std::vector<std::uint8_t> bytes = read_file(arguments[2]);
            const std::int8_t *first = reinterpret_cast<const std::int8_t *>(bytes.data());
            print_classes(wanted(OUTPUT_ROLE), {first, first + bytes.size()}, arguments[1]);
        }
    } catch (const std::exception &error) {
        std::cerr << error.what();
        return 2;
    }
}
"""

STATED = (
    "raw",
    "imagenet,resize=14,crop=12x9",
    "caffe,resize=13x40,crop=12x9",
    "yolo",
    "resize=5x5,crop=none",
    "resize=12x9,scale=255,mean=0.4:0.5:0.6,std=0.2",
)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("host")
    for name, content in host_headers().items():
        (folder / name).write_bytes(content)
    (folder / "host.cpp").write_text(HOST)
    warnings = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"]
    subprocess.run(["g++", "-std=c++17", "-O1", *warnings, "host.cpp", "-o", "host"], cwd=folder, check=True)
    return folder / "host"


def classifier(kind: ElementType, channels: int = 3) -> Network:
    network: Network = one_conv(TensorShape(channels, 12, 9), 7, Window((12, 9)))
    if kind.is_integer:
        known = Quantisation(0.02, 110 if kind is ElementType.UINT8 else -18, kind is ElementType.INT8)
        network = replace(network, types={"input": kind}, quantisation={"input": known})
    return network


def written(folder: Path, network: Network, stated: str) -> Program:
    """The data of a project in ``folder``."""
    plan = plan_on(network, (8, 8), device="pynq-z2")
    plan = replace(plan, request=plan.request | {"preprocess": parse_preprocessing("", stated).document()})
    program: Program = compile_program(plan, quantise(network, samples=2))
    for path, content in data_files(plan, program, integer_image(network, 1)).items():
        (folder / Path(path).name).write_bytes(content)
    return program


def called(host: Path, *arguments: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([host, *arguments], capture_output=True, text=True)


@pytest.mark.parametrize("stated", STATED)
@pytest.mark.parametrize(
    ("kind", "channels"), [(ElementType.FLOAT32, 3), (ElementType.UINT8, 3), (ElementType.INT8, 1)]
)
def test_the_same_integers_as_the_host_in_python(
    tmp_path: Path,
    host: Path,
    overlay_data: Callable[[Path], ModuleType],
    stated: str,
    kind: ElementType,
    channels: int,
) -> None:
    """By Pillow's own resizing there, and pictures of many sizes: smaller, larger, and both."""
    if channels == 1:
        stated = stated.replace("caffe", "scale=1,mean=127,std=64").replace("yolo", "resize=letterbox,scale=255")
        stated = stated.replace("0.4:0.5:0.6", "0.4").replace("imagenet", "unit,mean=0.4,std=0.3")
    program = written(tmp_path, classifier(kind, channels), stated)
    overlay_data(tmp_path)
    import overlay_picture  # type: ignore[import-not-found]

    data = overlay_data(tmp_path).OverlayData(tmp_path, 1, program.header.memory_word_bytes)
    (tensor,) = [t for t in data.tensors if t.role == 1]
    rng = np.random.default_rng(5)
    for number, (rows, columns) in enumerate([(20, 33), (12, 9), (7, 5), (64, 11), (13, 128)]):
        pixels = rng.integers(0, 256, (rows, columns, 3)).astype(np.uint8)
        picture = Image.fromarray(pixels) if number % 2 == 0 else Image.fromarray(pixels[..., 0])
        place = tmp_path / f"{number}.bmp"
        picture.save(place)
        try:
            wanted = overlay_picture.stored_picture(place, tensor, tmp_path)
        except ValueError:
            assert called(host, tmp_path, place).returncode == 2
            continue
        for path in (place, tmp_path / f"{number}.ppm"):
            if path.suffix == ".ppm":
                picture.save(path)  # Pillow writes P5 for a grey picture
            done = called(host, tmp_path, path)
            assert done.returncode == 0, done.stderr
            assert [int(word) for word in done.stdout.split()] == wanted, (path, stated)


def test_the_same_classes_as_the_host_in_python(
    tmp_path: Path, host: Path, overlay_data: Callable[[Path], ModuleType]
) -> None:
    program = written(tmp_path, classifier(ElementType.FLOAT32), "raw")
    (tmp_path / "labels.txt").write_text("a\nb b \n\nd\ne\n")
    data = overlay_data(tmp_path).OverlayData(tmp_path, 1, program.header.memory_word_bytes)
    import overlay_picture

    (tensor,) = [t for t in data.tensors if t.role == 2]
    for seed in range(8):
        stored = np.random.default_rng(seed).integers(-128, 128, 7).astype(np.int8)
        (tmp_path / "stored").write_bytes(stored.tobytes())
        done = called(host, tmp_path, tmp_path / "stored")
        assert done.stdout.splitlines() == overlay_picture.class_lines(tensor, stored.tolist(), tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.ppm", b"P6 4 4 255\n" + bytes(47), "it is too short"),
        ("p.ppm", b"P6 4 4 65535\n" + bytes(96), "other than 8 bits per channel"),
        ("p.ppm", b"P6 99999999 99999999 255\n", "a picture of "),
        ("p.ppm", b"P6 # only a comment", "its heading is damaged"),
        ("p.pgm", b"P2 1 1 255 3", "neither PPM, PGM nor BMP"),
        ("p.bmp", b"BM" + bytes(60), "a BMP of 0 bits"),
        ("p.png", b"\x89PNG", "this program reads .ppm, .pgm and .bmp pictures"),
    ],
)
def test_what_is_no_picture(tmp_path: Path, host: Path, name: str, content: bytes, message: str) -> None:
    written(tmp_path, classifier(ElementType.FLOAT32), "raw")
    (tmp_path / name).write_bytes(content)
    done = called(host, tmp_path, tmp_path / name)
    assert done.returncode == 2 and message in done.stderr


def test_damaged_bitmaps_are_refused_or_read(tmp_path: Path, host: Path) -> None:
    """Any byte of the heading may be wrong: a picture or a message, never a crash."""
    written(tmp_path, classifier(ElementType.FLOAT32), "raw")
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(tmp_path / "good.bmp")
    good = (tmp_path / "good.bmp").read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(60):
        bad = bytearray(good)
        for at in rng.integers(2, 54, 3):
            bad[at] = int(rng.integers(0, 256))
        (tmp_path / "bad.bmp").write_bytes(bad)
        assert called(host, tmp_path, tmp_path / "bad.bmp").returncode in (0, 2)
