"""A tiny device, tiny networks and the command line, for tests of sweeps."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from dynamap.cost.device import Device, load_device
from dynamap.planner.explore.answer import answer
from dynamap.planner.explore.row import Row
from dynamap.planner.explore.sweep import Sweep
from dynamap.planner.network.network import Network
from support.command_line import message_of

LANES = 16
"""Of a memory word of 16 bytes; each takes three multipliers."""


def write_device(path: Path, *, multipliers: int = 12, bram36: int = 80, uram: int = 0, bandwidth: float = 1.6) -> Path:
    """A device of whose multipliers 80 % are so many for the array, beside those of its lanes."""
    path.write_text(
        f"""
[device]
name = "{path.stem}"
vendor = "amd"
part = "none"

[resources]
multiplier = "dsp48e2"
multipliers = {-(-(multipliers + 3 * LANES) * 5 // 4)}
lut = 100_000
ff = 200_000
bram36 = {bram36}
uram = {uram}

[system]
clock_mhz = 100
memory_ports = 1
port_bytes = 16
memory_bandwidth_gbs = {bandwidth}
memory_bytes = 1_000_000_000
memory_banks = ["DDR"]
"""
    )
    return path


def tiny_device(folder: Path, name: str = "tiny", **counts: int) -> Device:
    return load_device(str(write_device(folder / f"{name}.toml", **counts)))  # type: ignore[arg-type]


def write_model(path: Path, *, channels: tuple[int, ...] = (3, 8, 8), size: int = 9) -> Path:
    """A chain of 3 x 3 convolutions over ``channels``, each but the first with a ReLU before it."""
    rng = np.random.default_rng(1)
    nodes, weights, tensor = [], [], "x"
    for index, (source, target) in enumerate(pairwise(channels)):
        array = rng.standard_normal((target, source, 3, 3)).astype(np.float32)
        weights.append(numpy_helper.from_array(array, f"w{index}"))
        nodes.append(helper.make_node("Conv", [tensor, f"w{index}"], [f"c{index}"], f"conv{index}", pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"c{index}"], [f"r{index}"], f"relu{index}"))
        tensor = f"r{index}"
    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, channels[0], size, size])],
        [helper.make_tensor_value_info(tensor, TensorProto.FLOAT, [1, channels[-1], size, size])],
        weights,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def tiny_network(folder: Path, name: str = "net", **shape: object) -> Network:
    from dynamap.planner.models import resolve

    return resolve(str(write_model(folder / f"{name}.onnx", **shape)))  # type: ignore[arg-type]


def answers(sweep: Sweep, *networks: Network) -> list[Row]:
    """Every combination's row, computed here one after the other."""
    by_digest = {network.sha256: network for network in networks}
    return [answer(by_digest[asked.model.sha256], asked) for asked in sweep.combinations]


def dynamap(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dynamap", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)


def refused(*arguments: object, status: int = 2) -> str:
    """The message of a call that must fail, without a traceback and without output."""
    done = dynamap(*arguments)
    assert done.returncode == status, done.stderr
    return message_of(done.stdout, done.stderr)
