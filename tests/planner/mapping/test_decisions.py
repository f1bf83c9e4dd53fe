"""What is decided for a layer: once for all layers that are alike."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.machine import Buffers
from dynamap.cost.overlay.transfer import Ints
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.network.network import Conv, Network
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request


def test_a_chain_of_equal_layers_is_evaluated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve 1 x 1 convolutions of 16 to 16 channels; between them the tensors have one format, so one decision serves.

    The first reads the input and the last writes the output, which may have formats of their own: three at most.
    """
    count = 12
    weights, bias = np.ones((16, 16, 1, 1), np.float32), np.zeros(16, np.float32)
    layers = tuple(Conv(f"c{i}", (f"t{i}",), f"t{i + 1}", Window((1, 1)), weights, bias) for i in range(count))
    tensors = {f"t{i}": TensorShape(16, 8, 8) for i in range(count + 1)}
    network = Network("chain", "0" * 64, layers, tensors, ("t0",), (f"t{count}",))
    evaluated: list[int] = []
    all_times = LayerCosts.all_times

    def counted(self: LayerCosts, jobs: Ints, buffers: Buffers, rows: int, columns: int) -> object:
        found = all_times(self, jobs, buffers, rows, columns)
        evaluated.extend(found)
        return found

    monkeypatch.setattr(LayerCosts, "all_times", counted)
    plan = plan_network(network, "pynq-z2", Request(array=(6, 6)))
    assert [layer.name for layer in plan.layers] == [layer.name for layer in layers]
    assert 1 <= len(evaluated) <= 3
    inner = {(layer.input_format, layer.output_format, layer.cycles) for layer in plan.layers[1:-1]}
    assert len(inner) == 1
