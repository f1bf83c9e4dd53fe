"""Writes a network as torch's exporter does: nodes named after modules, constants as nodes, opset 17.

Weights are seeded and of He's scale. The statistics of a BatchNormalization are those that its input has for noise:
`measured` runs a copy of the network in which it normalises its own batch, and the network is written again with them.
So activations stay in range at any depth, and channels differ as in a trained network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
NOISE_BATCH = 16
"""Images of noise that the statistics are measured on."""

Shape = tuple[int, ...]
"""Dimensions; -1 where one is known when the network runs."""

Statistics = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""Per BatchNormalization, by its module: the mean and the variance of each channel."""


@dataclass(frozen=True)
class Size:
    """Images of ``side`` x ``side``; ``batch`` is 1 in a network that is written to be used."""

    side: int
    batch: int = 1


class Graph:
    """Collects nodes; methods return the name of the tensor made, ``shapes`` has its dimensions.

    ``statistics`` of None: BatchNormalization normalises its batch, and ``watched`` names what it finds.
    """

    def __init__(self, size: Size, seed: int, statistics: Statistics | None) -> None:
        self.size = size
        self.shapes: dict[str, Shape] = {}
        self.watched: dict[str, tuple[str, str]] = {}
        self._statistics = statistics
        self._seed = seed
        self._nodes: list[NodeProto] = []
        self._weights: dict[str, np.ndarray] = {}
        self._names: Counter[str] = Counter()
        self._inputs: list[ValueInfoProto] = []

    def image(self, name: str = "input") -> str:
        """The input: N x 3 x side x side."""
        shape = (self.size.batch, 3, self.size.side, self.size.side)
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return self._known(name, shape)

    def op(
        self, kind: str, inputs: Sequence[str], module: str, shape: Shape | None = None, **attributes: object
    ) -> str:
        """One node of one output, of ``shape`` or of the first input's."""
        name = self._name(module, kind)
        output = f"{name}_output_0"
        self._nodes.append(helper.make_node(kind, inputs, [output], name, **attributes))
        return self._known(output, self.shapes[inputs[0]] if shape is None else shape)

    def constant(self, value: object, module: str, kind: type = np.int64) -> str:
        """A Constant node."""
        array = np.asarray(value, kind)
        name = self._name(module, "Constant")
        tensor = numpy_helper.from_array(array)
        self._nodes.append(helper.make_node("Constant", [], [f"{name}_output_0"], name, value=tensor))
        return self._known(f"{name}_output_0", array.shape)

    def parameter(self, name: str, values: np.ndarray) -> str:
        """An initialiser."""
        self._weights[name] = np.ascontiguousarray(values, np.float32)
        return self._known(name, values.shape)

    def split(self, tensor: str, parts: Sequence[int], module: str, axis: int = 1) -> list[str]:
        """Split into ``parts`` along ``axis``."""
        name = self._name(module, "Split")
        sizes = self.constant(parts, module)
        outputs = [f"{name}_output_{index}" for index in range(len(parts))]
        self._nodes.append(helper.make_node("Split", [tensor, sizes], outputs, name, axis=axis))
        shape = self.shapes[tensor]
        return [
            self._known(output, (*shape[:axis], part, *shape[axis + 1 :]))
            for output, part in zip(outputs, parts, strict=True)
        ]

    def conv(self, tensor: str, module: str, channels: int, kernel: int = 1, **how: int | bool) -> str:
        """Conv; of ``how``: stride, groups, dilation, pad ('same' if left out), bias."""
        stride, groups, dilation = int(how.get("stride", 1)), int(how.get("groups", 1)), int(how.get("dilation", 1))
        pad = int(how.get("pad", dilation * (kernel // 2)))
        batch, depth, rows, columns = self.shapes[tensor]
        inputs = [tensor, self._he(f"{module}.weight", (channels, depth // groups, kernel, kernel))]
        if how.get("bias", False):
            inputs.append(self.parameter(f"{module}.bias", 0.05 * self._normal(f"{module}.bias", (channels,))))

        def out(side: int) -> int:
            return (side + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1

        return self.op(
            "Conv",
            inputs,
            module,
            (batch, channels, out(rows), out(columns)),
            dilations=[dilation] * 2,
            group=groups,
            kernel_shape=[kernel] * 2,
            pads=[pad] * 4,
            strides=[stride] * 2,
        )

    def conv_transpose(self, tensor: str, module: str, channels: int) -> str:
        """ConvTranspose 2 x 2 of stride 2, with bias: twice the rows and columns."""
        batch, depth, rows, columns = self.shapes[tensor]
        weights = self._he(f"{module}.weight", (depth, channels, 2, 2), fan_in=depth)
        bias = self.parameter(f"{module}.bias", 0.05 * self._normal(f"{module}.bias", (channels,)))
        shape = (batch, channels, 2 * rows, 2 * columns)
        return self.op(
            "ConvTranspose",
            [tensor, weights, bias],
            module,
            shape,
            dilations=[1, 1],
            group=1,
            kernel_shape=[2, 2],
            pads=[0, 0, 0, 0],
            strides=[2, 2],
        )

    def batch_norm(self, tensor: str, module: str, epsilon: float = 1e-5) -> str:
        """BatchNormalization, or in a copy that measures what it computes in training."""
        channels = self.shapes[tensor][1]
        gain = 1 + 0.1 * self._normal(f"{module}.weight", (channels,))
        shift = 0.1 * self._normal(f"{module}.bias", (channels,))
        if self._statistics is None:
            return self._normalised(tensor, module, (gain, shift), epsilon)
        mean, variance = self._statistics[module]
        named = {"weight": gain, "bias": shift, "running_mean": mean, "running_var": variance}
        inputs = [self.parameter(f"{module}.{name}", values) for name, values in named.items()]
        return self.op("BatchNormalization", [tensor, *inputs], module, epsilon=epsilon, momentum=0.9)

    def linear(self, tensor: str, module: str, features: int) -> str:
        """A fully connected layer of N x C as Gemm, of more dimensions as MatMul and Add."""
        *outer, depth = self.shapes[tensor]
        bias = self.parameter(f"{module}.bias", 0.05 * self._normal(f"{module}.bias", (features,)))
        shape = (*outer, features)
        if len(outer) == 1:
            weights = self._he(f"{module}.weight", (features, depth))
            return self.op("Gemm", [tensor, weights, bias], module, shape, alpha=1.0, beta=1.0, transB=1)
        weights = self._he(f"{module}.weight", (depth, features), fan_in=depth)
        product = self.op("MatMul", [tensor, weights], module, shape)
        return self.op("Add", [bias, product], module, shape)

    def layer_norm(self, tensor: str, module: str, epsilon: float = 1e-6) -> str:
        """LayerNormalization over the last dimension."""
        depth = self.shapes[tensor][-1]
        gain = self.parameter(f"{module}.weight", 1 + 0.1 * self._normal(f"{module}.weight", (depth,)))
        shift = self.parameter(f"{module}.bias", 0.1 * self._normal(f"{module}.bias", (depth,)))
        return self.op("LayerNormalization", [tensor, gain, shift], module, axis=-1, epsilon=epsilon)

    def model(self, name: str, outputs: Mapping[str, str]) -> onnx.ModelProto:
        """The model; ``outputs`` are tensors by the names that the model gives them."""
        declared = []
        for given, tensor in outputs.items():
            self._nodes.append(helper.make_node("Identity", [tensor], [given], f"/{given}/Identity"))
            shape = [None if side < 0 else side for side in self.shapes[tensor]]
            declared.append(helper.make_tensor_value_info(given, TensorProto.FLOAT, shape))
        weights = [numpy_helper.from_array(array, key) for key, array in self._weights.items()]
        graph = helper.make_graph(self._nodes, name, self._inputs, declared, weights)
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, producer_name="dynamap", opset_imports=opsets, ir_version=IR_VERSION)

    def _normalised(self, tensor: str, module: str, affine: tuple[np.ndarray, np.ndarray], epsilon: float) -> str:
        gain, shift = (self.parameter(f"{module}.{i}", v.reshape(1, -1, 1, 1)) for i, v in enumerate(affine))
        mean = self.op("ReduceMean", [tensor], module, (), axes=[0, 2, 3])
        centred = self.op("Sub", [tensor, mean], module)
        square = self.op("Mul", [centred, centred], module)
        variance = self.op("ReduceMean", [square], module, (), axes=[0, 2, 3])
        self.watched[module] = (mean, variance)
        safe = self.op("Add", [variance, self.constant(epsilon, module, np.float32)], module)
        unit = self.op("Div", [centred, self.op("Sqrt", [safe], module)], module)
        return self.op("Add", [self.op("Mul", [unit, gain], module), shift], module)

    def _he(self, name: str, shape: Shape, fan_in: int | None = None) -> str:
        spread = np.sqrt(2 / (fan_in or int(np.prod(shape[1:]))))
        return self.parameter(name, spread * self._normal(name, shape))

    def _normal(self, name: str, shape: Shape) -> np.ndarray:
        """Values that depend on the seed and the parameter's name only."""
        seeds = [self._seed, *name.encode()]
        return np.random.default_rng(seeds).standard_normal(shape, dtype=np.float32)

    def _name(self, module: str, kind: str) -> str:
        """``features.0.1`` and Conv: ``/features/features.0/features.0.1/Conv``, then ``..._1``."""
        scopes: list[str] = []
        for part in module.split("."):
            scopes.append(f"{scopes[-1]}.{part}" if part.isdigit() and scopes else part)
        name = "/" + "/".join([*(scope for scope in scopes if scope), kind])
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name}_{self._names[name] - 1}"

    def _known(self, name: str, shape: Sequence[int]) -> str:
        self.shapes[name] = tuple(shape)
        return name


Writer = Callable[[Graph], Mapping[str, str]]
"""Writes a network into a graph; gives its outputs."""


def measured(write: Writer, side: int, seed: int) -> Statistics:
    """What the inputs of the normalisations are like for noise of ``side`` x ``side``."""
    graph = Graph(Size(side, NOISE_BATCH), seed, None)
    outputs = write(graph)
    if not graph.watched:
        return {}
    model = graph.model("measured", outputs)
    watched = [name for pair in graph.watched.values() for name in pair]
    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in watched)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    noise = np.random.default_rng(seed).standard_normal((NOISE_BATCH, 3, side, side), dtype=np.float32)
    found = dict(zip(watched, session.run(watched, {"input": noise}), strict=True))
    return {module: (found[mean].ravel(), found[var].ravel()) for module, (mean, var) in graph.watched.items()}
