"""The budget of on-chip memory: what it lets through, how it is written down, and that plans within it verify."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from dynamap.cost.device import BLOCK_BYTES, Device, load_device, parse_device
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.overlay.fitting.candidates import Candidates
from dynamap.cost.overlay.fitting.memory.blocks import BRAM36, URAM
from dynamap.cost.overlay.fitting.memory.designed import M20K
from dynamap.cost.overlay.fitting.memory.sizes import grid_of
from dynamap.cost.overlay.fitting.memory.spreading import memory_use
from dynamap.cost.overlay.fitting.target import array_limit, machine_of
from dynamap.cost.overlay.machine import Buffers
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request
from support.explore.small import dynamap, refused, tiny_device, tiny_network, write_device, write_model


def test_bytes_of_blocks() -> None:
    """Width x depth of the widest shape is the whole block: 36, 288 and 20 Kbit."""
    for kind in (BRAM36, URAM, M20K):
        most = max(width * depth * kind.pieces // pieces for width, depth, pieces in kind.shapes)
        assert kind.block_bytes == most // 8 == BLOCK_BYTES[kind.name]
    # u200: 15 % of 2,160 BRAM36 and 960 URAM are the shell's.
    assert load_device("u200").resources.kernel_on_chip_bytes == 1836 * 4608 + 816 * 36864
    assert load_device("arria10-gx1150").resources.kernel_on_chip_bytes % 2560 == 0


@pytest.mark.parametrize(
    ("name", "budget"), [("zcu104", 2_000_000), ("pynq-z2", 400_000), ("arria10-gx1150", 3_000_000)]
)
def test_all_buffers_that_fit_the_budget_are_tried(name: str, budget: int) -> None:
    """Against every combination, the least bytes first; and the box of an array and its neighbours misses nothing."""
    device = load_device(name).with_overrides(on_chip_bytes=budget)
    machine = machine_of(device)
    candidates = Candidates.of(device, machine, array_limit(device, machine))
    whole = load_device(name)
    some = np.random.default_rng(2).choice(len(candidates.rows), 1)
    rows, columns = int(candidates.rows[some[0]]), int(candidates.columns[some[0]])
    sizes = [Buffers(*each) for each in product(*grid_of(device).axes)]
    extras = candidates.memories_beside(rows, columns)
    fitting = {}
    for buffers in sizes:
        used = memory_use(device, machine, rows, columns, buffers, extras)
        if used is not None:
            taken = sum(BLOCK_BYTES[kind] * count for kind, count in used.items())
            assert taken <= budget
            assert memory_use(whole, machine, rows, columns, buffers, extras) is not None
            fitting[buffers] = taken
    found = candidates.buffers_for(rows, columns)
    assert len(found) > 10 and set(found) == set(fitting)
    assert [fitting[buffers] for buffers in found] == sorted(fitting.values())
    within = candidates.buffers_within(rows, rows + 3, columns)
    assert all(any(large.at_least(small) for large in within) for small in fitting)


def test_a_budget_beyond_the_device_excludes_nothing() -> None:
    device = load_device("zcu104")
    machine = machine_of(device)
    limit = array_limit(device, machine)
    plenty = Candidates.of(device.with_overrides(on_chip_bytes=1 << 30), machine, limit)
    unlimited = Candidates.of(device, machine, limit)
    assert np.array_equal(plenty.rows, unlimited.rows) and np.array_equal(plenty.columns, unlimited.columns)
    assert set(plenty.buffers_for(49, 32)) > set(unlimited.buffers_for(49, 32))
    assert plenty.buffers_within(49, 49, 32) == unlimited.buffers_within(49, 49, 32)


def test_the_key_of_the_device_file(tmp_path: Path) -> None:
    text = write_device(tmp_path / "a.toml").read_text()
    (tmp_path / "b.toml").write_text(text.replace("[system]", "on_chip_bytes = 123_456\n\n[system]"))
    device = load_device(str(tmp_path / "b.toml"))
    assert device.resources.on_chip_bytes == 123_456
    assert parse_device(device.document(), "again") == device
    assert load_device(str(tmp_path / "a.toml")).resources.on_chip_bytes is None
    assert "on_chip_bytes" not in load_device(str(tmp_path / "a.toml")).document()["resources"]
    (tmp_path / "c.toml").write_text(text.replace("[system]", "on_chip_bytes = 0\n\n[system]"))
    with pytest.raises(InputError, match=r"on_chip_bytes: expected an integer from 1 to .*, found 0"):
        load_device(str(tmp_path / "c.toml"))
    with pytest.raises(InputError, match=r"the on-chip memory: expected .* found -1"):
        device.with_overrides(on_chip_bytes=-1)


def _blocks(device: Device) -> int:
    return device.resources.bram36 * BLOCK_BYTES["bram36"]


def test_a_plan_within_a_budget_is_verified(tmp_path: Path) -> None:
    """``plan --on-chip`` says what it used of the budget, and ``verify`` searches within it again."""
    device = tiny_device(tmp_path, "board", multipliers=12, bram36=90)
    model = write_model(tmp_path / "net.onnx", channels=(16, 96, 32), size=12)
    budget = 60 * 4608
    plan = tmp_path / "plan.json"
    done = dynamap("plan", model, "--device", tmp_path / "board.toml", "--on-chip", "270KiB", "-o", plan)
    assert done.returncode == 0, done.stderr
    document = json.loads(plan.read_text())
    used = {use["name"]: (use["used"], use["available"]) for use in document["resources"]}
    assert used["on_chip_bytes"][1] == budget == 270 * 1024 < _blocks(device)
    assert used["on_chip_bytes"][0] == 4608 * used["bram36"][0] <= budget
    assert document["request"]["on_chip_bytes"] == document["device"]["resources"]["on_chip_bytes"] == budget
    verified = dynamap("verify", plan)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    document["overlay"]["input_buffer"] *= 4  # more than the budget holds
    plan.write_text(json.dumps(document))
    assert dynamap("verify", plan).returncode == 1


def test_wrong_budgets_of_a_plan(tmp_path: Path) -> None:
    assert "--on-chip must be a number of bytes, such as 4MiB" in refused("plan", "squeezenet", "--on-chip", "50%")
    network, device = tiny_network(tmp_path), tiny_device(tmp_path)
    with pytest.raises(InputError, match="the paper's model has no on-chip memory"):
        plan_network(network, device, Request(cost_model="paper", on_chip_bytes=1 << 20))
    with pytest.raises(InfeasibleError, match=r"no array fits device 'tiny'.*a larger --on-chip budget"):
        plan_network(network, device, Request(on_chip_bytes=50_000))
    with pytest.raises(
        InfeasibleError, match=r"on-chip memory where --on-chip leaves 110,000 .*a larger --on-chip budget"
    ):
        plan_network(network, device, Request(array=(12, 1), on_chip_bytes=110_000))
