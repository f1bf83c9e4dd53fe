"""Numbers of every size as options: computed with, or refused in one message that names the option; nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command_line import Call, Refused

HUGE = "99999999999999999999"
WRONG = ("-1", "nan", "1e400", HUGE)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--multipliers", HUGE, "--multipliers must be at most 1,000,000, found 99999999999999999999"),
        ("--multipliers", "1000001", "--multipliers must be at most 1,000,000"),
        ("--multipliers", "-1", "--multipliers must be positive"),
        ("--multipliers", "1" + "0" * 400, "--multipliers must be at most 1,000,000, found an integer of 1,"),
        ("--clock", HUGE, "the clock: expected a number of MHz above 0 and at most 2000"),
        ("--clock", "nan", "the clock: expected"),
        ("--clock", "1e-300", "the clock: 1e-300 is too fine"),
        ("--bandwidth", "inf", "the bandwidth: expected"),
        ("--bandwidth", "-1", "the bandwidth: expected"),
        ("--on-chip", HUGE, "--on-chip must be a number of bytes"),
        ("--time-limit", "nan", "--time-limit must be positive"),
        ("--memory-limit", "-1", "--memory-limit must be at least 1 MiB"),
        ("--array", f"{HUGE}x1", "--array must be ROWSxCOLUMNS"),
    ],
)
def test_options_of_a_plan(models: Path, refusal: Refused, option: str, value: str, message: str) -> None:
    assert message in refusal(2, "plan", models / "first.onnx", option, value, "-o", models / "p.json")
    assert not (models / "p.json").exists()


BUDGETS = [(f"--{word}", value) for word in ("multipliers", "on-chip", "clock", "bandwidth") for value in WRONG]


@pytest.mark.parametrize(("option", "value"), [*BUDGETS, ("--time-limit", "-1"), ("--time-limit", "nan")])
def test_budgets_of_a_sweep(models: Path, call: Call, option: str, value: str) -> None:
    done = call("explore", models / "first.onnx", option, value, "--workers", 1, "-o", models / "x.csv")
    assert done.status == 2 and done.err.count("error: ") == 1 and "internal error" not in done.err
    assert sorted(path.name for path in models.iterdir()) == ["first.onnx", "second.onnx"]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--samples", HUGE, "99999999999999999999 random inputs of 663 values each are too many: take --samples of at"),
        ("--samples", "-1", "calibration needs at least 1 random input, found -1"),
        ("--seed", "-1", "a seed is 0 or more, found -1"),
    ],
)
def test_options_of_a_calibration(
    models: Path, call: Call, refusal: Refused, option: str, value: str, message: str
) -> None:
    """An image of 3 x 17 x 13 has 663 values."""
    plan = models / "p.json"
    assert call("plan", models / "first.onnx", "--array", "8x6", "-o", plan).status == 0
    assert message in refusal(2, "run", plan, option, value)
    assert message in refusal(2, "generate", plan, "--backend", "vitis-hls", "-o", models / "g", option, value)
    assert not (models / "g").exists()


def test_a_port_that_no_word_is_made_of_leaves_no_results(models: Path, refusal: Refused) -> None:
    from dynamap.cost.device import shipped_text

    board = models / "board.toml"
    one_port = shipped_text("pynq-z2").replace("memory_ports = 4", "memory_ports = 1")
    board.write_text(one_port.replace('["HP0", "HP1", "HP2", "HP3"]', '["HP0"]'), encoding="utf-8")
    for command in (("plan", models / "first.onnx"), ("explore", models / "first.onnx")):
        output = models / f"{command[0]}.csv"
        assert "[system] port_bytes: " in refusal(2, *command, "--device", board, "-o", output)
        assert not list(models.glob(f"{command[0]}*"))
