"""True plans pass, whatever made them; what was left out is said; models that are gone or changed are refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dynamap.backends.evidence.verification import Verdict, Verification, verify_plan
from dynamap.cli.simulate import simulate_command
from dynamap.cli.verify import verify_command
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.device import load_device, parse_device
from dynamap.cost.errors import InputError
from dynamap.planner.models import resolve
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan, load_plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request

FEW = Request(array=(8, 6), multipliers=64)


def outcomes(verification: Verification) -> dict[str, Verdict]:
    return {check.name: check.outcome for check in verification.checks}


def details(verification: Verification) -> dict[str, str]:
    return {check.name: check.detail for check in verification.checks}


@pytest.mark.parametrize("solver", ["dp", "ilp", "cpsat", "exhaustive"])
def test_plans_of_every_solver(solver: str, small_network: Network) -> None:
    verification = verify_plan(plan_network(small_network, "u200", replace(FEW, solver=solver)), small_network)
    assert verification.verified
    assert set(outcomes(verification).values()) == {Verdict.PASSED}
    assert len(verification.checks) == 12
    second = details(verification)["second solver"]
    assert second.startswith("ilp finds" if solver == "dp" else "dp finds")
    assert details(verification)["certificate"].startswith("replayed" if solver == "dp" else f"solver {solver} gives")


@pytest.mark.parametrize(
    "request_",
    [
        replace(FEW, clock_mhz=123.457, bandwidth_gbs=2.5),
        replace(FEW, packing=False),
        replace(FEW, algorithms=(Algorithm.IM2COL, Algorithm.WINOGRAD), dataflows=(Dataflow.WS, Dataflow.NS)),
        replace(FEW, pins={"right": (Algorithm.KN2ROW, None), "left": (Algorithm.IM2COL, Dataflow.IS)}),
        replace(FEW, cost_model="paper", bandwidth_gbs=2.5),
        replace(FEW, cost_model="paper", solver="ilp"),
    ],
)
def test_what_if_plans(request_: Request, small_network: Network) -> None:
    verification = verify_plan(plan_network(small_network, "u200", request_), small_network)
    assert verification.verified, verification


def test_all_arrays_are_searched_again_unless_it_is_to_be_quick(small_network: Network) -> None:
    for cost_model in ("overlay", "paper"):
        small_plan = plan_network(small_network, "pynq-z2", Request(multipliers=40, cost_model=cost_model))
        quick = verify_plan(small_plan, small_network, full=False)
        assert quick.verified and outcomes(quick)["all arrays"] is Verdict.NOT_ASKED
        whole = verify_plan(small_plan, small_network)
        assert whole.verified and outcomes(whole)["all arrays"] is Verdict.PASSED


def test_a_plan_on_a_worse_array_is_noticed_by_the_search_only(small_network: Network) -> None:
    """All numbers are right for its array; that no other is better is what does not hold."""
    request = Request(multipliers=40)
    best = plan_network(small_network, "pynq-z2", request)
    worse = plan_network(small_network, "pynq-z2", replace(request, array=(2, 5)))
    assert worse.solver.objective > best.solver.objective
    forged = replace(
        worse,
        request=request.document(),
        solver=replace(worse.solver, arrays_considered=best.solver.arrays_considered),
    )
    assert verify_plan(forged, small_network, full=False).verified
    found = verify_plan(forged, small_network)
    assert [c.name for c in found.checks if c.outcome is Verdict.FAILED] == ["all arrays"]
    assert "overlay.rows" in details(found)["all arrays"]


def test_a_plan_that_ran_out_of_time_is_true_between_its_bounds(small_plan: Plan, small_network: Network) -> None:
    """Its status is feasible and its bound below the optimum: the objective is still what the formats cost."""
    unproven = replace(
        small_plan, solver=replace(small_plan.solver, status="feasible", bound=small_plan.solver.bound - 100)
    )
    verification = verify_plan(unproven, small_network)
    assert verification.verified, verification
    assert "between the bound" in details(verification)["second solver"]
    assert not verify_plan(replace(unproven, solver=replace(unproven.solver, status="optimal")), small_network).verified


def test_a_device_of_ones_own(small_network: Network) -> None:
    document = load_device("pynq-z2").document()
    document["device"]["name"] = "my-board"
    document["system"]["memory_bandwidth_gbs"] = 3.2
    own = parse_device(document, "own")
    small_plan = plan_network(small_network, own, Request(array=(8, 6)))
    verification = verify_plan(small_plan, small_network)
    assert verification.verified
    assert "taken as the plan has it" in details(verification)["device"]
    document["device"]["name"] = "pynq-z2"
    borrowed = plan_network(small_network, parse_device(document, "own"), Request(array=(8, 6)))
    found = verify_plan(borrowed, small_network)
    assert outcomes(found)["device"] is Verdict.FAILED
    assert "memory_bandwidth_gbs is 3.2 in the plan" in details(found)["device"]
    assert "a name of its own" in details(found)["device"]
    assert outcomes(found)["objective"] is Verdict.NOT_REACHED and not found.verified


@pytest.fixture
def model(tmp_path: Path) -> Path:
    weights = numpy_helper.from_array(np.ones((8, 3, 3, 3), np.float32), "w")
    node = helper.make_node("Conv", ["x", "w"], ["y"], "c", pads=[1, 1, 1, 1])
    shapes = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, c, 9, 9]) for n, c in (("x", 3), ("y", 8))]
    graph = helper.make_graph([node], "g", shapes[:1], shapes[1:], [weights])
    path = tmp_path / "folder" / "model.onnx"
    path.parent.mkdir()
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


@pytest.fixture
def saved(model: Path, tmp_path: Path) -> Path:
    path = tmp_path / "plans" / "plan.json"
    path.parent.mkdir()
    plan_network(resolve(str(model)), "u200", FEW).save(path)
    return path


def test_a_model_file_is_found_where_the_plan_says_or_beside_the_plan(model: Path, saved: Path) -> None:
    assert load_plan(saved).model.source == str(model)
    assert verify_command(saved, as_json=False, full=True) == 0
    shutil.move(model, saved.parent / model.name)
    assert verify_command(saved, as_json=False, full=True) == 0
    assert simulate_command(saved, None, as_json=False) == 0


def test_a_model_file_that_is_gone_is_refused(model: Path, saved: Path) -> None:
    model.unlink()
    for command in (lambda: verify_command(saved, False, True), lambda: simulate_command(saved, None, False)):
        with pytest.raises(
            InputError, match=r"the plan's model '.*model\.onnx' is not there: put the file back"
        ) as refused:
            command()
        assert refused.value.exit_status == 2


def test_a_model_file_that_changed_is_refused(model: Path, saved: Path) -> None:
    changed = onnx.load(model)
    changed.doc_string = "another file"
    onnx.save(changed, model)
    for command in (lambda: verify_command(saved, False, True), lambda: simulate_command(saved, None, False)):
        with pytest.raises(InputError, match=r"another model than .*model\.onnx' is now: its SHA-256 is [0-9a-f]{16}"):
            command()


def test_verify_prints_one_document_or_a_table(saved: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert verify_command(saved, as_json=True, full=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["verified"] is True
    assert [check["outcome"] for check in document["checks"]] == ["passed"] * 12
    edited = json.loads(saved.read_text())
    edited["layers"][0]["store_cycles"] += 1
    other = tmp_path / "plans" / "edited.json"
    other.write_text(json.dumps(edited))
    assert verify_command(other, as_json=True, full=True) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["verified"] is False
    failed = {check["name"]: check["detail"] for check in document["checks"] if check["outcome"] == "failed"}
    assert "store_cycles" in failed["simulator"] and "layers[0].store_cycles" in failed["document"]
    assert verify_command(other, as_json=False, full=True) == 1
    assert "NOT TRUE: 2 of 12 checks failed" in capsys.readouterr().out


def test_simulate_prints_counters_and_writes_a_trace(
    saved: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    trace = tmp_path / "trace.json"
    assert simulate_command(saved, trace, as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    small_plan = load_plan(saved)
    (layer,) = document["layers"]
    keys = ["name", "compute_cycles", "load_cycles", "store_cycles", "cycles", "bytes_read", "bytes_written"]
    assert list(layer) == keys
    assert layer == {key: getattr(small_plan.layers[0], key) for key in keys}
    assert document["cycles"] == small_plan.solver.objective and document["latency_ms"] == small_plan.latency_ms
    assert json.loads(trace.read_text())["traceEvents"]


def test_simulate_says_what_is_not_as_planned(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited = json.loads(saved.read_text())
    edited["layers"][0]["bytes_read"] += 64
    saved.write_text(json.dumps(edited))
    assert simulate_command(saved, None, as_json=True) == 1
    printed = capsys.readouterr()
    json.loads(printed.out)
    assert "layer 'c': bytes_read is" in printed.err


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("blocking", {"mode": "stream_inputs", "rows": 0, "channels": 8, "planes": 1}, "rows must be at least 1"),
        ("blocking", {"mode": "stream_inputs", "rows": 10, "channels": 8, "planes": 1}, "blocking.rows is 10, of 9"),
        ("blocking", {"mode": "sideways", "rows": 9, "channels": 8, "planes": 1}, "blocking.mode is 'sideways'"),
        ("blocking", {"mode": "stream_weights", "rows": 9, "channels": 3, "planes": 1}, "blocking.channels is 3, of 8"),
        ("blocking", {"mode": "stream_weights", "rows": 9, "channels": 8, "planes": 0}, "planes must be at least 1"),
        ("blocking", {"mode": "stream_weights", "rows": 9, "channels": 8, "planes": 2}, "blocking.planes is 2, of 1"),
        ("blocking", None, "blocking must be an object, found None"),
        ("algorithm", "fft", "algorithm is 'fft'"),
        ("dataflow", None, "dataflow is None, which is none of ns, ws, is"),
        ("winograd_tile", 3, "winograd_tile is 3"),
        ("output_format", "toeplitz", "output_format is 'toeplitz'"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_one_message(saved: Path, key: str, value: object, message: str) -> None:
    edited = json.loads(saved.read_text())
    edited["layers"][0][key] = value
    saved.write_text(json.dumps(edited))
    with pytest.raises(InputError, match=f"layer 'c': .*{message}"):
        simulate_command(saved, None, as_json=False)


def test_a_paper_plan_describes_no_machine(small_plan_by_paper: Plan, tmp_path: Path, saved: Path) -> None:
    document = load_plan(saved)
    path = tmp_path / "paper.json"
    plan_network(resolve(document.model.source), "u200", replace(FEW, cost_model="paper")).save(path)
    with pytest.raises(InputError, match="cost model 'paper', which describes no machine to simulate") as refused:
        simulate_command(path, None, as_json=False)
    assert refused.value.exit_status == 2
    assert verify_command(path, as_json=False, full=True) == 0


def test_a_trace_that_cannot_be_written_is_refused_before_work(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write"):
        simulate_command(saved, tmp_path / "nowhere" / "trace.json", as_json=False)
    assert not (tmp_path / "nowhere").exists()
