"""A picture given to a project's Python host: what `run` stores and prints, from the project's files alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from dynamap.backends.data_files import data_files
from dynamap.backends.emulator import Emulator
from dynamap.backends.inputs.images import image_array
from dynamap.backends.inputs.labels import best_classes
from dynamap.backends.program.host import integer_inputs
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import quantise
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.element_types import ElementType
from dynamap.planner.network.network import Network, Quantisation
from dynamap.planner.request.preprocessing import RAW, parse_preprocessing
from support.programs import integer_image, one_conv, plan_on

STATED = "resize=14,crop=12x9,scale=255,mean=0.4:0.5:0.6,std=0.2,colours=bgr"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(3).integers(0, 256, (20, 33, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def classifier() -> Network:
    """A kernel as large as the image: seven classes."""
    built: Network = one_conv(TensorShape(3, 12, 9), 7, Window((12, 9)))
    return built


@pytest.mark.parametrize("stated", [None, STATED])
@pytest.mark.parametrize("kind", [ElementType.FLOAT32, ElementType.UINT8, ElementType.INT8])
def test_the_host_stores_and_prints_what_run_does(
    tmp_path: Path,
    photo: Path,
    capsys: pytest.CaptureFixture[str],
    overlay_data: Callable[[Path], ModuleType],
    stated: str | None,
    kind: ElementType,
) -> None:
    network = classifier()
    if kind.is_integer:
        known = Quantisation(0.02, 110 if kind is ElementType.UINT8 else -18, kind is ElementType.INT8)
        network = replace(network, types={"input": kind}, quantisation={"input": known})
    quantised = quantise(network, samples=2)
    plan = plan_on(network, (8, 8), device="pynq-z2")
    if stated is not None:
        plan = replace(plan, request=plan.request | {"preprocess": parse_preprocessing("", stated).document()})
    program = compile_program(plan, quantised)
    for path, content in data_files(plan, program, integer_image(network, 1)).items():
        (tmp_path / Path(path).name).write_bytes(content)
    (tmp_path / "labels.txt").write_text("a\nb\nc\nd\ne\nf\ng\n")
    how = RAW if stated is None else parse_preprocessing("", stated)
    inputs = integer_inputs(quantised, {"input": image_array(photo, network, how)})
    emulator = Emulator(program)
    emulator.write_input("input", inputs["input"])
    data = overlay_data(tmp_path).OverlayData(tmp_path, 1, program.header.memory_word_bytes)
    memory = memoryview(bytearray(data.bytes_per_port))
    data.load([memory], photo)
    assert bytes(memory)[: len(emulator.memory.data)] == emulator.memory.data.tobytes()[: len(memory)]
    runs = list(emulator.run())
    data.write([memory], 0, emulator.memory.data.tobytes())
    assert data.finish([memory], photo, tmp_path / "y.bin") == 0
    values = np.frombuffer((tmp_path / "y.bin").read_bytes(), np.float32)
    labels = tuple("abcdefg")
    wanted = [f"class {c.index} {c.label}: {c.probability:.2%}" for c in best_classes(values, labels)]
    assert capsys.readouterr().out.splitlines() == wanted and len(runs) == 1


def test_what_is_no_picture(tmp_path: Path, photo: Path, overlay_data: Callable[[Path], ModuleType]) -> None:
    network = classifier()
    plan = plan_on(network, (8, 8), device="pynq-z2")
    program = compile_program(plan, quantise(network, samples=1))
    for path, content in data_files(plan, program, integer_image(network, 1)).items():
        (tmp_path / Path(path).name).write_bytes(content)
    assert json.loads((tmp_path / "preprocessing.json").read_text()) == RAW.document()
    data = overlay_data(tmp_path).OverlayData(tmp_path, 1, program.header.memory_word_bytes)
    photo.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"photo.png: this is no PNG"):
        data.load([memoryview(bytearray(data.bytes_per_port))], photo)
