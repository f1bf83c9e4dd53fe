"""What tests of the command line share: the outcome of a call, and small models to call with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


@dataclass(frozen=True)
class Done:
    """What a call left behind."""

    status: int
    out: str
    err: str


Call = Callable[..., Done]
Refused = Callable[..., str]


def small_model(name: str, channels: int, size: tuple[int, int]) -> onnx.ModelProto:
    """3 x 3 from 3 to ``channels``, a ReLU, 1 x 3, and their sum, on an image of ``size``."""
    rng = np.random.default_rng(channels)

    def weights(tensor: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), tensor)

    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["a"], "stem", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"], "relu"),
        helper.make_node("Conv", ["b", "w2"], ["c"], "wide", kernel_shape=[1, 3], pads=[0, 1, 0, 1]),
        helper.make_node("Add", ["b", "c"], ["y"], "sum"),
    ]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, *size])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, channels, *size])],
        [weights("w1", channels, 3, 3, 3), weights("w2", channels, channels, 1, 3)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
