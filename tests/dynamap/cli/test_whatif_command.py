"""`dynamap whatif` as its user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command_line import Call, Refused


@pytest.fixture
def saved(models: Path, call: Call) -> Path:
    path = models / "plan.json"
    assert call("plan", models / "first.onnx", "--device", "pynq-z2", "--multipliers", "12", "-o", path).status == 0
    return path


def test_table_and_document_say_the_same_and_can_be_repeated(saved: Path, call: Call) -> None:
    table, document = call("whatif", saved), call("whatif", saved, "--json")
    assert table.status == document.status == 0, table.err + document.err
    found = json.loads(document.out)
    assert f"{found['same']['latency_ms']:.4f}" in table.out
    assert "bottleneck: " in table.out
    for change in found["changes"]:
        assert change["title"] in table.out
        answer = change["resized"]
        if not (answer or change["same"]):  # why, whether there is room for a column or not
            assert f"{change['title']}: {change['note']}" in " ".join(table.out.split())
        if change["options"] and answer:
            again = call("plan", "--from", saved, *change["options"].split(), "--json")
            assert json.loads(again.out)["latency_ms"] == answer["latency_ms"], change


def test_wrong_calls(saved: Path, models: Path, call: Call, refusal: Refused) -> None:
    assert "cannot read plan" in refusal(2, "whatif", models / "nosuch.json")
    assert "--time-limit must be positive" in refusal(2, "whatif", saved, "--time-limit", "0")
    paper = models / "paper.json"
    assert call("plan", models / "first.onnx", "--cost-model", "paper", "--array", "8x8", "-o", paper).status == 0
    assert "no buffers" in refusal(2, "whatif", paper)
    assert "time limit of 1e-09 seconds" in refusal(1, "whatif", saved, "--time-limit", "1e-9")
    (models / "first.onnx").write_bytes((models / "second.onnx").read_bytes())
    assert "another model" in refusal(2, "whatif", saved)
