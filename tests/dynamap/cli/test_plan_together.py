"""`dynamap plan` with several models as its user meets it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dynamap.cli.requests import parse_weights
from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan import load_plan
from support.command_line import Call, Refused

SMALL = ("--device", "pynq-z2", "--multipliers", "20")


@pytest.fixture
def both(models: Path, call: Call) -> Path:
    folder = models / "both"
    arguments = (models / "first.onnx", models / "second.onnx", *SMALL, "--weights", "2,1", "-o", folder)
    done = call("plan", *arguments)
    assert done.status == 0, done.err
    assert "2 networks on one overlay of pynq-z2" in done.out and "optimal" in done.out
    return folder


def test_each_plan_is_one_that_every_command_takes(both: Path, call: Call) -> None:
    assert sorted(path.name for path in both.iterdir()) == ["first.json", "second.json"]
    plans = {path.stem: load_plan(path) for path in both.iterdir()}
    assert plans["first"].overlay == plans["second"].overlay
    together = plans["first"].together
    assert together is not None
    assert together.objective == 2 * plans["first"].solver.objective + plans["second"].solver.objective
    for path in both.iterdir():
        for command in (("verify",), ("simulate",), ("run", "--compare", "numpy")):
            done = call(command[0], path, *command[1:])
            assert done.status == 0, done.err + done.out
    asked = call("whatif", both / "first.json", "--json")
    assert json.loads(asked.out)["resized"] is None  # the overlay is not this network's alone


def test_json_is_one_document_of_the_same_plans(both: Path, models: Path, call: Call) -> None:
    done = call("plan", models / "first.onnx", models / "second.onnx", *SMALL, "--weights", "0.5,0.25", "--json")
    document = json.loads(done.out)
    assert document["schema"] == "dynamap.plans/1"
    assert [plan["layers"] for plan in document["plans"]] == [
        json.loads((both / name).read_text())["layers"] for name in ("first.json", "second.json")
    ]
    assert document["together"] == document["plans"][0]["together"]


def test_from_plans_all_of_them_again(both: Path, models: Path, call: Call) -> None:
    again = models / "again"
    assert call("plan", "--from", both / "second.json", "-o", again).status == 0
    for path in both.iterdir():
        texts = [json.loads((folder / path.name).read_text()) for folder in (both, again)]
        for text in texts:
            text["solver"]["seconds"] = 0
        assert json.dumps(texts[0]) == json.dumps(texts[1])
    worst = call("plan", "--from", both / "second.json", "--objective", "worst", "--weights", "1,1", "--json")
    plans = json.loads(worst.out)["plans"]
    assert plans[0]["together"]["objective"] == max(plan["solver"]["objective"] for plan in plans)


def test_wrong_calls_write_nothing(models: Path, call: Call, refusal: Refused) -> None:
    first, second, folder = models / "first.onnx", models / "second.onnx", models / "out"

    def refused(*arguments: object, status: int = 2) -> str:
        message = refusal(status, "plan", *arguments, *SMALL, "-o", folder)
        assert not folder.exists()
        return message

    assert "--weights gives 3 for 2 models" in refused(first, second, "--weights", "1,2,3")
    assert "must be positive, found 0" in refused(first, second, "--weights", "1,0")
    assert "must be positive, found -1" in refused(first, second, "--weights", "1,-1")
    assert "separated by commas" in refused(first, second, "--weights", "1;2")
    assert "add up to 4096" in refused(first, second, "--weights", "1,0.0001")
    assert "--weights is for several MODELs" in refused(first, "--weights", "1")
    assert "--objective is for several MODELs" in refused(first, "--objective", "worst")
    assert "--cost-model" in refused(first, second, "--cost-model", "paper")
    assert "'nolayer', which is a convolution of none" in refused(first, second, "--pin", "nolayer=im2col")
    assert "would both be written to" in refused(first, second, first)
    broken = models / "broken.onnx"
    broken.write_bytes(second.read_bytes()[:100])
    assert "broken.onnx" in refused(first, broken)
    assert "nosuch" in refused(first, "nosuch")
    assert "--export-pbqp" in refused(first, second, "--export-pbqp", models / "p.pbqp")
    assert "needs 400 multipliers" in refused(first, second, "--array", "20x20", status=1)
    assert not (models / "p.pbqp").exists()


def test_where_the_plans_may_not_go(models: Path, refusal: Refused) -> None:
    first, second = models / "first.onnx", models / "second.onnx"
    both = (first, second, *SMALL)
    assert "must name a folder" in refusal(2, "plan", *both, "-o", models / "plan.json")
    assert "there is no folder" in refusal(2, "plan", *both, "-o", models / "no" / "such")
    assert "must name a folder" in refusal(2, "plan", *both, "-o", first)
    assert "which is read: write to another file" in refusal(2, "plan", first, *SMALL, "-o", first)
    (models / "first.json").mkdir()
    before = sorted(os.listdir(models))
    assert "first.json" in refusal(2, "plan", *both, "-o", models)
    assert sorted(os.listdir(models)) == before


def test_a_model_that_is_gone(both: Path, models: Path, call: Call, refusal: Refused) -> None:
    (models / "second.onnx").unlink()
    assert "second.onnx' is not there" in refusal(2, "verify", both / "first.json")
    assert call("verify", both / "first.json", "--quick").status == 0
    assert "second.onnx' is not there" in refusal(2, "plan", "--from", both / "first.json")


def test_weights_become_the_least_whole_numbers() -> None:
    assert parse_weights("2, 1") == (2, 1) and parse_weights("0.7,0.3") == (7, 3)
    assert parse_weights("1.5,1,0.25") == (6, 4, 1) and parse_weights("4,2") == (4, 2)
    with pytest.raises(InputError, match="found '2,,1'"):
        parse_weights("2,,1")
