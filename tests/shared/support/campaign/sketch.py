"""A graph in the making: nodes, constants, the shape of every tensor, and names as exporters give them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

IR_VERSION = 8
Shape = tuple[int, ...]


@dataclass
class Sketch:
    """``shapes`` are without the batch: (C, H, W), or (C,) for vectors; those of views may be longer.

    ``exact``: constants are integers times powers of two, and only what computes exactly with them is used.
    ``shaping``: outputs of nodes that are no activations, but the shapes of some.
    ``integers``: the types among which tensors that are stored as integers choose.
    """

    rng: np.random.Generator
    opset: int
    exact: bool = False
    integers: tuple[type[np.generic], ...] = (np.int8, np.uint8)
    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    input: str = ""
    shaping: list[str] = field(default_factory=list)

    def chance(self, probability: float) -> bool:
        """True that often."""
        return bool(self.rng.random() < probability)

    def integer(self, low: int, high: int) -> int:
        """One of low .. high."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, choices: Sequence[Any]) -> Any:
        """One of the choices."""
        return choices[self.integer(0, len(choices) - 1)]

    def name(self, hint: str) -> str:
        """A name that nothing has, as some exporter or other would write it."""
        number = len(self.nodes) + len(self.constants) + len(self.shapes)
        style = self.pick(["{n}", "{h}_{n}", "model/{h}_{n}:0", "module.{h}.{n}.output", "Größe {h} {n}", "{h}.{n}-q?"])
        name: str = style.format(h=hint, n=number)
        while name in self.shapes or name in self.constants:
            name += "'"
        return name

    def constant(self, array: np.ndarray, hint: str = "c") -> str:
        """A new constant."""
        name = self.name(hint)
        self.constants[name] = np.asarray(array)
        return name

    def floats(self, *shape: int, scale: float = 1.0) -> np.ndarray:
        """Normal values; of an exact graph -7 .. 7 times a power of two of about the same size."""
        if not self.exact:
            return (self.rng.standard_normal(shape) * scale).astype(np.float32)
        unit = 2.0 ** np.round(np.log2(scale / 4))
        return (self.rng.integers(-7, 8, shape) * unit).astype(np.float32)

    def node(self, op: str, inputs: Sequence[str], shape: Shape, domain: str = "", **attributes: Any) -> str:
        """A node with one output of this shape; the output's name."""
        output = self.name(op.lower())
        label = self.pick(["", f"{op}_{len(self.nodes)}", f"node {len(self.nodes)}"])
        self.nodes.append(helper.make_node(op, list(inputs), [output], label, domain=domain, **attributes))
        self.shapes[output] = shape
        return output

    def watched(self) -> list[str]:
        """Every activation: the input and all outputs of nodes."""
        return [self.input, *(name for node in self.nodes for name in node.output if name not in self.shaping)]

    def convolves(self, names: Iterable[str]) -> bool:
        """Whether a convolution stands before one of these tensors."""
        needed = set(names)
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                if node.op_type == "Conv":
                    return True
                needed.update(node.input)
        return False

    def readers(self, name: str) -> int:
        """How many inputs of nodes are ``name``."""
        return sum(list(node.input).count(name) for node in self.nodes)


def model_of(
    sketch: Sketch,
    outputs: Sequence[str],
    *,
    kinds: dict[str, int] | None = None,
) -> onnx.ModelProto:
    """The model; ``kinds`` are the types of its input and its outputs that are not float.

    Some constants are nodes, the batch may be dynamic, and sizes of outputs may be left open.
    """
    rng = np.random.default_rng(sketch.rng.integers(2**32))
    stored, made = [], []
    for name, array in sketch.constants.items():
        if array.ndim == 4 and array.dtype == np.float32 and rng.random() < 0.15:
            name, array = _computed(rng, sketch, made, name, array)
        tensor = numpy_helper.from_array(array, name)
        if rng.random() < 0.15 and (sketch.opset >= 9 or array.dtype == np.float32):  # older Constants are floats
            made.insert(0, helper.make_node("Constant", [], [name], value=tensor))
        else:
            stored.append(tensor)
    batch = "N" if rng.random() < 0.3 else 1
    kinds = kinds or {}
    kind = kinds.get(sketch.input, TensorProto.FLOAT)
    inputs = [helper.make_tensor_value_info(sketch.input, kind, [batch, *sketch.shapes[sketch.input]])]
    if rng.random() < 0.1:  # as old exporters do
        inputs += [helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims) for tensor in stored]
    graph = helper.make_graph(
        [*made, *sketch.nodes],
        "random",
        inputs,
        [
            helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), _declared(rng, sketch, name, batch))
            for name in outputs
        ],
        stored,
    )
    opsets = [helper.make_opsetid("", sketch.opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def _computed(
    rng: np.random.Generator, sketch: Sketch, made: list[NodeProto], name: str, array: np.ndarray
) -> tuple[str, np.ndarray]:
    """Weights that a node makes of a constant, whose name and values are given; ``made`` gets the node."""
    source = f"{name} (stored)"
    if rng.random() < 0.5:
        made.append(helper.make_node("Transpose", [source], [name], perm=[3, 1, 0, 2]))
        return source, np.ascontiguousarray(array.transpose(2, 1, 3, 0))
    made.append(helper.make_node("Neg", [source], [name]))
    return source, -array


def _declared(rng: np.random.Generator, sketch: Sketch, name: str, batch: int | str) -> list[int | str]:
    """The shape of an output as the model declares it."""
    sizes = [size if rng.random() < 0.8 else f"{name} axis {axis}" for axis, size in enumerate(sketch.shapes[name])]
    return [batch, *sizes]
