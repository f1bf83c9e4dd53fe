"""`dynamap plan --from` and `--overlay` as their user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest

from dynamap.planner.plan.plan import Plan, load_plan
from support.command_line import Call, Refused, small_model
from support.small_plans import mapping

ASKED = ("--device", "zcu104", "--multipliers", "60", "--clock", "250", "--pin", "stem=im2col/ws")


@pytest.fixture
def asked(models: Path, call: Call) -> Path:
    """A plan with a budget, a clock and a pin of its own."""
    path = models / "asked.json"
    assert call("plan", models / "first.onnx", *ASKED, "-o", path).status == 0
    return path


def document(path: Path) -> dict[str, object]:
    """A saved plan but for the measured seconds."""
    found: dict[str, dict[str, object]] = json.loads(path.read_text())
    found["solver"]["seconds"] = 0
    return found  # type: ignore[return-value]


def test_from_without_options_is_the_same_plan(asked: Path, call: Call) -> None:
    again = asked.with_name("again.json")
    assert call("plan", "--from", asked, "-o", again).status == 0
    assert json.dumps(document(again)) == json.dumps(document(asked))


def test_from_with_options_is_the_plan_of_all_options_together(asked: Path, models: Path, call: Call) -> None:
    changes = ("--bandwidth", "3", "--pin", "wide=kn2row", "--dataflows", "ws,is", "--clock", "200")
    again, direct = models / "again.json", models / "direct.json"
    assert call("plan", "--from", asked, *changes, "-o", again).status == 0
    wanted = ("--device", "zcu104", "--multipliers", "60", "--pin", "stem=im2col/ws", *changes)
    assert call("plan", models / "first.onnx", *wanted, "-o", direct).status == 0
    assert document(again) == document(direct)
    assert load_plan(again).overlay.bandwidth_gbs == 3


def test_any_lifts_an_array_and_a_pin(asked: Path, models: Path, call: Call) -> None:
    fixed, freed, direct = (models / name for name in ("fixed.json", "freed.json", "direct.json"))
    assert call("plan", "--from", asked, "--array", "3x5", "-o", fixed).status == 0
    assert load_plan(fixed).overlay.rows == 3
    assert call("plan", "--from", fixed, "--array", "any", "--pin", "stem=any", "-o", freed).status == 0
    assert call("plan", models / "first.onnx", *ASKED[:6], "-o", direct).status == 0
    assert document(freed) == document(direct)


def test_from_finds_a_model_that_was_moved_with_its_plan(asked: Path, call: Call) -> None:
    other = asked.parent / "moved"
    other.mkdir()
    for path in (asked, asked.parent / "first.onnx"):
        path.rename(other / path.name)
    done = call("plan", "--from", other / "asked.json", "--json")
    assert done.status == 0, done.err
    found, original = json.loads(done.out), document(other / "asked.json")
    assert found["layers"] == original["layers"]


def test_the_same_network_on_its_own_overlay(asked: Path, models: Path, call: Call) -> None:
    kept = models / "kept.json"
    done = call("plan", models / "first.onnx", "--overlay", asked, "--pin", "stem=im2col/ws", "-o", kept)
    assert done.status == 0 and "kept as given" in done.out
    plan, original = load_plan(kept), load_plan(asked)
    assert mapping(plan) == mapping(original) and plan.overlay == original.overlay and plan.device == original.device
    assert (plan.solver.objective, plan.solver.arrays_considered) == (original.solver.objective, 1)
    assert call("verify", kept).status == 0


def overlay_of(plan: Plan) -> object:
    return plan.overlay, plan.device


def test_another_network_on_a_given_overlay(asked: Path, models: Path, call: Call) -> None:
    """Never faster than with an overlay of its own; true by verification; and it can be planned again from itself."""
    kept, own, again = (models / name for name in ("kept.json", "own.json", "again.json"))
    assert call("plan", models / "second.onnx", "--overlay", asked, "-o", kept).status == 0
    assert call("plan", models / "second.onnx", *ASKED[:6], "-o", own).status == 0
    assert overlay_of(load_plan(kept)) == overlay_of(load_plan(asked))
    assert load_plan(own).solver.objective <= load_plan(kept).solver.objective
    verified = call("verify", kept)
    assert verified.status == 0 and "given overlay" in verified.out
    assert call("plan", "--from", kept, "-o", again).status == 0
    assert document(again) == document(kept)
    assert call("plan", "--from", own, "--overlay", asked, "-o", again).status == 0
    assert document(again) == document(kept)


def test_a_given_overlay_at_another_bandwidth(asked: Path, models: Path, call: Call) -> None:
    plans = []
    for rate in ("1", "4"):
        path = models / f"{rate}.json"
        assert call("plan", models / "second.onnx", "--overlay", asked, "--bandwidth", rate, "-o", path).status == 0
        assert call("verify", path).status == 0
        plans.append(load_plan(path))
    assert [plan.overlay.bandwidth_gbs for plan in plans] == [1, 4]
    assert plans[0].solver.objective > plans[1].solver.objective


def test_wrong_calls(asked: Path, models: Path, refusal: Refused) -> None:
    model, output = models / "first.onnx", models / "out.json"
    write = ("-o", output)
    assert "MODEL" in refusal(2, "plan", *write)
    assert "--from cannot be combined" in refusal(2, "plan", model, "--from", asked, *write)
    assert "'wide=any'" in refusal(2, "plan", "--from", asked, "--pin", "wide=any", *write)
    assert "cannot read plan" in refusal(2, "plan", "--from", models / "nosuch.json", *write)
    assert "is not JSON" in refusal(2, "plan", model, "--overlay", model.with_name("second.onnx"), *write)
    message = refusal(2, "plan", model, "--overlay", asked, "--device", "u50", *write)
    assert "device 'zcu104'" in message and "'u50'" in message
    for option in (("--array", "3x5"), ("--clock", "100"), ("--multipliers", "9"), ("--no-packing",)):
        assert f"{option[0].replace('no-', '')} cannot be" in refusal(2, "plan", model, "--overlay", asked, *option)
    assert not output.exists()


def test_a_plan_on_a_given_overlay_keeps_it(asked: Path, models: Path, call: Call, refusal: Refused) -> None:
    kept = models / "kept.json"
    assert call("plan", models / "second.onnx", "--overlay", asked, "-o", kept).status == 0
    for option in (("--array", "3x5"), ("--multipliers", "9"), ("--device", "u50")):
        assert f"{option[0]} cannot be changed" in refusal(2, "plan", "--from", kept, *option)


def test_plans_that_cannot_be_used(asked: Path, models: Path, refusal: Refused, call: Call) -> None:
    text = asked.read_text()
    other = models / "other.json"
    other.write_text(text.replace("dynamap.plan/1", "dynamap.plan/9"))
    assert "dynamap.plan/9" in refusal(2, "plan", "--from", other)
    assert "dynamap.plan/9" in refusal(2, "plan", models / "first.onnx", "--overlay", other)
    changed = json.loads(text)
    changed["overlay"]["lanes"] += 1
    other.write_text(json.dumps(changed))
    assert "overlay's lanes" in refusal(2, "plan", models / "first.onnx", "--overlay", other)
    changed = json.loads(text)
    changed["overlay"]["weight_buffer"] = 12_345
    other.write_text(json.dumps(changed))
    assert "weight_buffer = 12345" in refusal(2, "plan", models / "first.onnx", "--overlay", other)
    paper = models / "paper.json"
    assert call("plan", models / "first.onnx", "--cost-model", "paper", "--array", "8x8", "-o", paper).status == 0
    assert "no buffers" in refusal(2, "plan", models / "first.onnx", "--overlay", paper)
    (models / "first.onnx").rename(models / "gone")
    assert "first.onnx' is not there" in refusal(2, "plan", "--from", asked)


def test_a_layer_too_large_for_the_overlay_is_named_with_its_buffer(
    asked: Path, models: Path, refusal: Refused
) -> None:
    """A row of 2,000 pixels in 16 channels takes 32,000 bytes of a half of the output buffer, which is a quarter of the
    input buffer: 128,000 bytes, the next doubling of 16 KiB is 131,072."""
    onnx.save(small_model("broad", 16, (4, 2000)), models / "broad.onnx")
    changed = json.loads(asked.read_text())
    changed["overlay"].update(input_buffer=16 << 10, output_buffer=8 << 10)
    small = models / "small.json"
    small.write_text(json.dumps(changed))
    message = refusal(1, "plan", models / "broad.onnx", "--overlay", small, "-o", models / "out.json")
    assert "layer 'stem' does not fit the overlay of" in message
    assert "an input buffer of 131,072 bytes, where there are 16,384" in message
    assert not (models / "out.json").exists()
