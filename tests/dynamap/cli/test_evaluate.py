"""`dynamap evaluate` on the digits: float by onnxruntime's own session, int8 by `run`; labels of every kind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from support.command_line import Call, Refused
from support.repository import DIGITS

COUNT = 40


@pytest.fixture(scope="module")
def images() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    source = load_digits()
    return (source.images[:COUNT] / 16).astype(np.float32)[:, None], source.target[:COUNT].astype(np.int64)


@pytest.fixture
def plan(tmp_path: Path, call: Call) -> Path:
    options = ("--device", "pynq-z2", "--array", "8x8", "--preprocess", "unit")
    assert call("plan", DIGITS / "digits.onnx", *options, "-o", tmp_path / "p.json").status == 0
    return tmp_path / "p.json"


@pytest.fixture
def folder(tmp_path: Path, images: tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]) -> Path:
    """The same images as pictures, a folder per class; 16 grey levels are whole bytes of 255 / 15 only about."""
    for index, (image, label) in enumerate(zip(*images, strict=True)):
        place = tmp_path / "digits" / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.rint(image[0] * 255).astype(np.uint8)).save(place / f"{index}.png")
    return tmp_path / "digits"


def test_against_onnxruntime_and_run(
    plan: Path, call: Call, images: tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]
) -> None:
    """Top-1 and top-5 by hand from the outputs of onnxruntime, and of `run` for each image."""
    data, labels = images[0][:6], images[1][:6]
    np.savez(plan.with_name("d.npz"), image=data, labels=labels)
    done = call("evaluate", plan, "--data", plan.with_name("d.npz"), "--calibration", plan.with_name("d.npz"), "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    session = onnxruntime.InferenceSession(DIGITS / "digits.onnx", providers=["CPUExecutionProvider"])
    real = np.concatenate([session.run(None, {"image": image[None]})[0].reshape(1, 10) for image in data])
    integer = []
    for image in data:
        np.save(plan.with_name("x.npy"), image)
        options = ("--calibration", plan.with_name("d.npz"), "--output", plan.with_name("y.npy"))
        assert call("run", plan, "--input", plan.with_name("x.npy"), *options).status == 0
        integer.append(np.load(plan.with_name("y.npy")).ravel())
    answers = {"float": real, "int8": np.stack(integer)}
    for kind, values in answers.items():
        order = np.argsort(-values, axis=1, kind="stable")
        assert found[f"top1_{kind}"] == pytest.approx((order[:, 0] == labels).mean())
        assert found[f"top5_{kind}"] == pytest.approx((order[:, :5] == labels[:, None]).any(axis=1).mean())
    assert found["agreement"] == (answers["float"].argmax(axis=1) == answers["int8"].argmax(axis=1)).mean()
    lengths = np.linalg.norm(real, axis=1) * np.linalg.norm(answers["int8"], axis=1)
    assert found["cosine"] == pytest.approx(((real * answers["int8"]).sum(axis=1) / lengths).mean(), abs=1e-6)
    assert found["images"] == found["calibration"]["images"] == 6 and found["labelled"]
    assert {layer["name"] for layer in found["layers"]} >= {"stem", "mixed", "classifier"}


def test_folders_are_classes_and_the_terminal_says_it(plan: Path, folder: Path, call: Call) -> None:
    done = call("evaluate", plan, "--data", folder, "--calibration", folder)
    assert done.status == 0, done.err
    assert f"{COUNT} images; float: the original model in onnxruntime" in done.out
    assert "int8: right" in done.out and "layers that lose most" in done.out
    assert "random noise" not in done.err
    done = call("evaluate", plan, "--data", folder, "--json")
    assert json.loads(done.out)["calibration"]["noise"] and "random noise" in done.err


def test_names_of_classes_come_from_the_labels(plan: Path, folder: Path, call: Call, refusal: Refused) -> None:
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    for index, name in enumerate(names):
        (folder / str(index)).rename(folder / name)
    plan.with_name("labels.txt").write_text("\n".join(names) + "\n")
    labels = ("--labels", plan.with_name("labels.txt"))
    done = call("evaluate", plan, "--data", folder, *labels, "--json")
    assert json.loads(done.out)["top1_float"] > 0.9
    # Without the labels the names in their order are not the classes: eight, five, four, ... have 10 folders as well.
    sorted_names = json.loads(call("evaluate", plan, "--data", folder, "--json").out)
    assert sorted_names["top1_float"] < 0.5
    (folder / "nine").rename(folder / "ninth")
    assert "'ninth" in refusal(2, "evaluate", plan, "--data", folder, *labels).replace(str(folder) + "/", "'")
    picture = next((folder / "one").iterdir())
    done = call("run", plan, "--input", picture, "--calibration", folder, *labels, "--json")
    classes = json.loads(done.out)["classes"]
    assert classes[0]["label"] == "one" and len(classes) == 5
    assert sum(entry["probability"] for entry in classes) == pytest.approx(1, abs=1e-3)
    assert "class 1 one: " in call("run", plan, "--input", picture, "--calibration", folder, *labels).out


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (np.arange(3), "the labels have the shape [3], and the images need 4"),
        (np.array([0, 1, 2, 10]), "the labels are from 0 to 10, and the network has the classes 0 to 9"),
        (np.array([0, 1, 2, -1]), "the labels are from -1 to 2"),
        (np.zeros(4), "the labels are of type float64; give integers"),
    ],
)
def test_labels_that_do_not_match(plan: Path, refusal: Refused, labels: npt.NDArray[np.int64], reason: str) -> None:
    np.savez(plan.with_name("d.npz"), image=np.zeros((4, 1, 8, 8), np.float32), labels=labels)
    found = refusal(2, "evaluate", plan, "--data", plan.with_name("d.npz"))
    assert reason in found and "d.npz" in found


def test_folders_that_do_not_match(plan: Path, folder: Path, refusal: Refused) -> None:
    (folder / "0").rename(folder / "10")
    assert "the network has the classes 0 to 9" in refusal(2, "evaluate", plan, "--data", folder)
    (folder / "10").rename(folder / "zero")
    (folder / "1").rename(folder / "zero" / "one")
    assert "9 folders" in refusal(2, "evaluate", plan, "--data", folder)
    picture = next((folder / "2").iterdir())
    picture.rename(folder / "alone.png")
    assert "alone.png' lies in no folder of a class" in refusal(2, "evaluate", plan, "--data", folder)
    (folder / "alone.png").write_bytes(b"none")
    assert "alone.png" in refusal(2, "evaluate", plan, "--data", folder)
    plan.with_name("labels.txt").write_text("one\ntwo\n")
    found = refusal(2, "evaluate", plan, "--data", folder, "--labels", plan.with_name("labels.txt"))
    assert "labels.txt' has 2 labels" in found
    plan.with_name("labels.txt").write_bytes(b"\xff\xfe")
    assert "no text in UTF-8" in refusal(
        2, "evaluate", plan, "--data", folder, "--labels", plan.with_name("labels.txt")
    )
