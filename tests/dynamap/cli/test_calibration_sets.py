"""Calibration sets of every kind, those that do not fit, and what is said where there is none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.command_line import Call, Refused

SHAPE = (3, 17, 13)
NOISE = "come from random noise"


@pytest.fixture
def plan(models: Path, call: Call) -> Path:
    assert call("plan", models / "first.onnx", "--device", "pynq-z2", "-o", models / "p.json").status == 0
    return models / "p.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures in two subfolders, of the size of the input; a hidden file is none of them."""
    rng = np.random.default_rng(1)
    for index in range(4):
        place = tmp_path / "set" / f"class{index % 2}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (*SHAPE[1:], 3)).astype(np.uint8)).save(place / f"{index}.png")
    (tmp_path / "set" / ".DS_Store").write_bytes(b"")
    return tmp_path / "set"


def pixels(folder: Path) -> np.ndarray:  # type: ignore[type-arg]
    files = sorted(folder.rglob("[0-9].png"))
    return np.stack([np.asarray(Image.open(file)).transpose(2, 0, 1) for file in files]).astype(np.float32)


@pytest.mark.parametrize("method", ["minmax", "percentile", "entropy"])
def test_folder_npy_and_npz_give_the_same_scales(plan: Path, folder: Path, call: Call, method: str) -> None:
    np.save(plan.with_name("c.npy"), pixels(folder))
    np.savez(plan.with_name("c.npz"), x=pixels(folder))
    np.savez_compressed(plan.with_name("labelled.npz"), x=pixels(folder), labels=np.arange(4))
    outputs = []
    for data in (folder, plan.with_name("c.npy"), plan.with_name("c.npz"), plan.with_name("labelled.npz")):
        options = ("--calibration", data, "--method", method, "--output", plan.with_name("y.npy"), "--json")
        done = call("run", plan, "--input", folder / "class0" / "0.png", *options)
        assert done.status == 0, done.err
        found = json.loads(done.out)["calibration"]
        assert (found["images"], found["noise"], found["warning"]) == (4, False, None)
        assert NOISE not in done.err
        outputs.append(plan.with_name("y.npy").read_bytes())
    assert len(set(outputs)) == 1


def test_noise_is_called_noise_everywhere(plan: Path, call: Call) -> None:
    done = call("run", plan)
    assert done.status == 0 and NOISE in done.err.replace("\n", " ")
    done = call("run", plan, "--json")
    found = json.loads(done.out)["calibration"]
    assert found["noise"] and found["images"] == 1 and NOISE in found["warning"]
    assert NOISE in done.err
    plan.with_name("run.json").write_text(done.out)
    assert call("report", plan, "--run", plan.with_name("run.json"), "-o", plan.with_name("r.html")).status == 0
    assert NOISE in plan.with_name("r.html").read_text()
    done = call("generate", plan, "-o", plan.with_name("project"))
    assert done.status == 0 and NOISE in done.err
    assert NOISE in (plan.with_name("project") / "README.md").read_text()
    done = call("export-qdq", plan.with_name("first.onnx"), "-o", plan.with_name("q.onnx"))
    assert done.status == 0 and NOISE in done.err


def test_a_project_says_what_it_was_calibrated_on(plan: Path, folder: Path, call: Call) -> None:
    assert call("generate", plan, "--calibration", folder, "-o", plan.with_name("project")).status == 0
    text = (plan.with_name("project") / "README.md").read_text()
    assert "Calibrated on 4 pictures" in text and NOISE not in text


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"y": (2, *SHAPE)}, "have an array 'y'; the network's inputs are: 'x'; save it by numpy.savez"),
        ({}, "no array for the input 'x'; found: none; save it by numpy.savez"),
        ({"x": (2, 3, 5, 5)}, r"the shape is \[1, 3, 5, 5\]; it must be N x 3 x 17 x 13"),
        ({"x": (0, *SHAPE)}, r"the shape is \[0, 3, 17, 13\]"),
        ({"x": ()}, "the shape is"),
    ],
)
def test_sets_for_other_inputs(plan: Path, refusal: Refused, arrays: dict[str, tuple[int, ...]], reason: str) -> None:
    np.savez(plan.with_name("c.npz"), **{name: np.zeros(shape, np.float32) for name, shape in arrays.items()})
    assert __import__("re").search(reason, refusal(2, "run", plan, "--calibration", plan.with_name("c.npz")))


def test_sets_of_other_types(plan: Path, refusal: Refused) -> None:
    np.save(plan.with_name("c.npy"), np.zeros((2, *SHAPE), np.int64))
    assert "the type is int64; give float32" in refusal(2, "run", plan, "--calibration", plan.with_name("c.npy"))
    np.save(plan.with_name("c.npy"), np.full((2, *SHAPE), np.nan, np.float32))
    assert "image 0" in refusal(2, "run", plan, "--calibration", plan.with_name("c.npy"))
    np.save(plan.with_name("c.npy"), np.array([{}]), allow_pickle=True)
    assert "Python objects" in refusal(2, "run", plan, "--calibration", plan.with_name("c.npy"))
    np.save(plan.with_name("c.npy"), np.zeros((2, *SHAPE), np.float32))
    content = plan.with_name("c.npy").read_bytes()
    plan.with_name("c.npy").write_bytes(content[:-4])
    assert "ends in row 1 of 2" in refusal(2, "run", plan, "--calibration", plan.with_name("c.npy"))


def test_folders_that_hold_no_pictures(plan: Path, folder: Path, refusal: Refused) -> None:
    (folder / "class1" / "notes.txt").write_text("notes")
    assert "notes.txt' is no picture" in refusal(2, "run", plan, "--calibration", folder)
    (folder / "class1" / "notes.txt").rename(folder / "class1" / "notes.png")
    assert "notes.png: this is no PNG" in refusal(2, "run", plan, "--calibration", folder)
    shutil.rmtree(folder / "class0")
    shutil.rmtree(folder / "class1")
    assert "has no pictures" in refusal(2, "generate", plan, "--calibration", folder, "-o", folder / "project")
    assert not (folder / "project").exists()
    assert "No such file" in refusal(2, "run", plan, "--calibration", folder / "none")


def test_no_output_replaces_an_image_that_is_read(plan: Path, folder: Path, refusal: Refused) -> None:
    place = folder / "class0" / "0.png"
    before = place.read_bytes()
    assert "which is read" in refusal(2, "run", plan, "--calibration", folder, "--output", place)
    assert place.read_bytes() == before
