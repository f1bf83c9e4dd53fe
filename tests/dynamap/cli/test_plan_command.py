"""`dynamap plan` as its user meets it: exit status, streams, files, and one clear message for every wrong call."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dynamap.cli import main
from support.command_line import message_of

SMALL = ("--array", "8x8")


def dynamap(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "dynamap", *arguments], capture_output=True, text=True, cwd=cwd)


def refused(status: int, *arguments: str) -> str:
    """The message of a call that must fail without a traceback and without output."""
    done = dynamap(*arguments)
    assert done.returncode == status, done.stderr
    return message_of(done.stdout, done.stderr)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small exported-style model: dynamic batch, odd names, a residual and a 1 x 3 layer."""
    rng = np.random.default_rng(3)

    def weights(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name)

    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["a"], "/stem=1/<Conv>", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"], "relu"),
        helper.make_node("Conv", ["b", "w2"], ["c"], 'quoted "conv"', kernel_shape=[1, 3], pads=[0, 1, 0, 1]),
        helper.make_node("Add", ["b", "c"], ["y"], "sum"),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 17, 13])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 8, 17, 13])],
        [weights("w1", 8, 3, 3, 3), weights("w2", 8, 8, 1, 3)],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path_factory.mktemp("models") / "small.onnx"
    onnx.save(proto, path)
    return path


def test_a_plan_is_printed_and_written_and_the_same_every_time(model: Path, tmp_path: Path) -> None:
    texts = []
    for name in ("a.json", "b.json"):
        done = dynamap("plan", str(model), *SMALL, "-o", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        assert "optimal" in done.stdout and "/stem=1/<Conv>" in done.stdout
        assert "dynamic batch" in done.stderr or "batch" in done.stderr
        document = json.loads((tmp_path / name).read_text())
        document["solver"]["seconds"] = 0
        texts.append(json.dumps(document))
    assert texts[0] == texts[1]
    document = json.loads(texts[0])
    assert document["schema"] == "dynamap.plan/1"
    assert (
        document["solver"]["objective"] == document["solver"]["bound"] == sum(x["cycles"] for x in document["layers"])
    )
    # 17 x 13 outputs x 8 channels x 27 taps, and x 24 taps for the 1 x 3 layer.
    assert [layer["macs"] for layer in document["layers"]] == [47736, 42432, 0]
    assert [layer["shape"]["out"] for layer in document["layers"]] == [[8, 17, 13]] * 3
    assert all(0 <= layer["utilization"] <= 1 for layer in document["layers"])


def test_json_is_the_only_thing_on_stdout(model: Path) -> None:
    done = dynamap("plan", str(model), *SMALL, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["overlay"]["rows"] == 8


def test_pins_and_restrictions_are_kept(model: Path) -> None:
    pinned = dynamap("plan", str(model), *SMALL, "--pin", "/stem=1/<Conv>=winograd/ws", "--json")
    stem = json.loads(pinned.stdout)["layers"][0]
    assert (stem["algorithm"], stem["dataflow"]) == ("winograd", "ws")
    restricted = dynamap("plan", str(model), *SMALL, "--algorithms", "im2col,kn2row", "--dataflows", "is", "--json")
    layers = json.loads(restricted.stdout)["layers"]
    assert {layer["dataflow"] for layer in layers if layer["algorithm"]} == {"is"}
    assert "winograd" not in {layer["algorithm"] for layer in layers}


def test_the_mapping_problem_is_exported_and_solves_to_the_plan_s_objective(model: Path, tmp_path: Path) -> None:
    problem = tmp_path / "mapping.pbqp"
    planned = dynamap("plan", str(model), *SMALL, "--json", "--export-pbqp", str(problem))
    solved = dynamap("solve", str(problem), "--solver", "exhaustive", "--json")
    assert json.loads(solved.stdout)["objective"] == json.loads(planned.stdout)["solver"]["objective"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nosuch",), ("nosuch", "googlenet")),
        (("squeezenet", "--device", "nosuch"), ("nosuch", "u200")),
        (("squeezenet", "--array", "8by8"), ("--array", "8by8")),
        (("squeezenet", "--array", "0x8"), ("--array", "0x8")),
        (("squeezenet", "--algorithms", "fft"), ("--algorithms", "fft", "winograd")),
        (("squeezenet", "--algorithms", ""), ("--algorithms",)),
        (("squeezenet", "--dataflows", "os"), ("--dataflows", "os", "ws")),
        (("squeezenet", "--pin", "nolayer=im2col"), ("nolayer", "check")),
        (("squeezenet", "--pin", "n0"), ("--pin", "n0")),
        (("squeezenet", "--pin", "n0=fft"), ("n0", "fft")),
        (("squeezenet", "--clock", "-1"), ("clock", "-1")),
        (("squeezenet", "--bandwidth", "0"), ("bandwidth", "0")),
        (("squeezenet", "--multipliers", "0"), ("--multipliers", "0")),
        (("squeezenet", "--time-limit", "0"), ("--time-limit", "0")),
        (("squeezenet", "--device", "arria10-gx1150", "--packing"), ("arria10-gx1150", "intel-18x19", "--packing")),
        (("squeezenet", *SMALL, "-o", "/nosuch/folder/plan.json"), ("/nosuch/folder",)),
    ],
)
def test_a_wrong_call_gets_one_message_that_names_what_is_wrong(
    arguments: tuple[str, ...],
    words: tuple[str, ...],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In this process, where a refusal takes no second."""
    monkeypatch.setattr(sys, "argv", ["dynamap", "plan", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    message = message_of(*capfd.readouterr())
    assert all(word in message for word in words), message


def test_a_wrong_call_is_refused_by_a_process_too() -> None:
    assert "nosuch" in refused(2, "plan", "nosuch")


def test_an_array_that_does_not_fit_is_infeasible_and_says_what_is_needed(tmp_path: Path) -> None:
    output = tmp_path / "plan.json"
    message = refused(1, "plan", "squeezenet", "--array", "200x200", "-o", str(output))
    assert "40000" in message and "5082" in message and "--array" in message
    assert not output.exists()


def test_restrictions_that_leave_a_layer_nothing_are_infeasible_and_name_it() -> None:
    message = refused(1, "plan", "squeezenet", *SMALL, "--algorithms", "winograd")
    assert "n0" in message
