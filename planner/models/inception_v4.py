"""Inception-v4, built layer by layer as an ONNX model.

Source: Szegedy, Ioffe, Vanhoucke, Alemi, "Inception-v4, Inception-ResNet and the Impact of
Residual Connections on Learning", arXiv 1602.07261, figures 3 to 9. Where a figure and the
authors' published TF-slim network differ (figure 4 prints 1 x 7 twice in a row, and the
order of 1 x 7 and 7 x 1 in the longer branches), this follows TF-slim, which was trained.
Dropout is left out: it does nothing at inference. The classifier has 1,000 outputs.

Each convolution is Conv without bias, BatchNormalization, Relu. Weights come from
ConstantOfShape, as in the light models of the onnx package, so the model is small and its
weights are filled in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

OPSET = 13
IR_VERSION = 8
IMAGE_SIZE = 299
CLASSES = 1000
BATCH_NORM_EPSILON = 1e-3

Kernel = tuple[int, int]
"""Rows x columns: (1, 7) reads seven values of one row."""


def build() -> ModelProto:
    """The model: input ``data`` 1 x 3 x 299 x 299, output ``prob`` 1 x 1000, constant weights."""
    from onnx import TensorProto, helper

    builder = _Builder()
    tensor, channels = _stem(builder, "data", 3)
    for index in range(1, 5):
        tensor, channels = _inception_a(builder, f"inception_a{index}", tensor, channels)
    tensor, channels = _reduction_a(builder, "reduction_a", tensor, channels)
    for index in range(1, 8):
        tensor, channels = _inception_b(builder, f"inception_b{index}", tensor, channels)
    tensor, channels = _reduction_b(builder, "reduction_b", tensor, channels)
    for index in range(1, 4):
        tensor, channels = _inception_c(builder, f"inception_c{index}", tensor, channels)
    _classifier(builder, tensor, channels)
    graph = helper.make_graph(
        builder.nodes,
        "inception-v4",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, IMAGE_SIZE, IMAGE_SIZE])],
        [helper.make_tensor_value_info("prob", TensorProto.FLOAT, [1, CLASSES])],
        builder.initializers,
    )
    return helper.make_model(
        graph,
        producer_name="dynamap",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )


class _Builder:
    """Collects nodes and initializers; every method returns the name of the tensor it makes."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []

    def add(self, op: str, name: str, inputs: Sequence[str], **attributes: object) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def constant(self, name: str, shape: Sequence[int], value: float) -> str:
        from onnx import TensorProto, helper

        shape_name = f"{name}__SHAPE"
        self.initializers.append(helper.make_tensor(shape_name, TensorProto.INT64, [len(shape)], shape))
        fill = helper.make_tensor("value", TensorProto.FLOAT, [1], [value])
        return self.add("ConstantOfShape", name, [shape_name], value=fill)

    def conv(
        self,
        name: str,
        tensor: str,
        c_in: int,
        c_out: int,
        kernel: Kernel,
        *,
        stride: int = 1,
        same: bool = True,
    ) -> str:
        """Conv, BatchNormalization and Relu; ``same`` keeps rows and columns at stride 1, else no pads."""
        rows, columns = kernel
        pads = [rows // 2, columns // 2, rows // 2, columns // 2] if same else [0, 0, 0, 0]
        weights = self.constant(f"{name}/weights", [c_out, c_in, rows, columns], 0.02)
        conv = self.add(
            "Conv",
            name,
            [tensor, weights],
            kernel_shape=[rows, columns],
            strides=[stride, stride],
            pads=pads,
        )
        statistics = [
            self.constant(f"{name}/bn_{part}", [c_out], value)
            for part, value in (("scale", 1.0), ("bias", 0.0), ("mean", 0.0), ("var", 1.0))
        ]
        normalised = self.add("BatchNormalization", f"{name}/bn", [conv, *statistics], epsilon=BATCH_NORM_EPSILON)
        return self.add("Relu", f"{name}/relu", [normalised])

    def chain(self, tensor: str, c_in: int, *steps: tuple[str, Kernel, int]) -> str:
        """Convolutions one after another, each (name, kernel, output channels), stride 1, 'same' pads."""
        for name, kernel, c_out in steps:
            tensor = self.conv(name, tensor, c_in, c_out, kernel)
            c_in = c_out
        return tensor

    def max_pool(self, name: str, tensor: str) -> str:
        return self.add("MaxPool", name, [tensor], kernel_shape=[3, 3], strides=[2, 2])

    def average_pool(self, name: str, tensor: str) -> str:
        """3 x 3, stride 1; pads are not counted, as in TF-slim."""
        return self.add("AveragePool", name, [tensor], kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])

    def concat(self, name: str, tensors: Sequence[str]) -> str:
        return self.add("Concat", name, tensors, axis=1)


def _stem(b: _Builder, tensor: str, channels: int) -> tuple[str, int]:
    """299 x 299 x 3 to 35 x 35 x 384 (figure 3)."""
    tensor = b.conv("conv1_3x3_s2", tensor, channels, 32, (3, 3), stride=2, same=False)
    tensor = b.conv("conv2_3x3", tensor, 32, 32, (3, 3), same=False)
    tensor = b.conv("conv3_3x3", tensor, 32, 64, (3, 3))

    pool = b.max_pool("stem1/pool", tensor)
    conv = b.conv("stem1/branch3x3_s2", tensor, 64, 96, (3, 3), stride=2, same=False)
    tensor = b.concat("stem1/concat", [pool, conv])

    short = b.conv("stem2/branch3x3_reduce", tensor, 160, 64, (1, 1))
    short = b.conv("stem2/branch3x3", short, 64, 96, (3, 3), same=False)
    long = b.chain(
        tensor,
        160,
        ("stem2/branch7x7_reduce", (1, 1), 64),
        ("stem2/branch7x7_1x7", (1, 7), 64),
        ("stem2/branch7x7_7x1", (7, 1), 64),
    )
    long = b.conv("stem2/branch7x7_3x3", long, 64, 96, (3, 3), same=False)
    tensor = b.concat("stem2/concat", [short, long])

    conv = b.conv("stem3/branch3x3_s2", tensor, 192, 192, (3, 3), stride=2, same=False)
    pool = b.max_pool("stem3/pool", tensor)
    return b.concat("stem3/concat", [conv, pool]), 384


def _inception_a(b: _Builder, name: str, tensor: str, channels: int) -> tuple[str, int]:
    """35 x 35 x 384 to the same (figure 4)."""
    branches = [
        b.chain(tensor, channels, (f"{name}/branch1x1", (1, 1), 96)),
        b.chain(
            tensor,
            channels,
            (f"{name}/branch3x3_reduce", (1, 1), 64),
            (f"{name}/branch3x3", (3, 3), 96),
        ),
        b.chain(
            tensor,
            channels,
            (f"{name}/branch5x5_reduce", (1, 1), 64),
            (f"{name}/branch5x5_1", (3, 3), 96),
            (f"{name}/branch5x5_2", (3, 3), 96),
        ),
        b.chain(b.average_pool(f"{name}/pool", tensor), channels, (f"{name}/pool_proj", (1, 1), 96)),
    ]
    return b.concat(f"{name}/concat", branches), 384


def _reduction_a(b: _Builder, name: str, tensor: str, channels: int) -> tuple[str, int]:
    """35 x 35 x 384 to 17 x 17 x 1024 (figure 7 with k, l, m, n = 192, 224, 256, 384)."""
    conv = b.conv(f"{name}/branch3x3_s2", tensor, channels, 384, (3, 3), stride=2, same=False)
    deep = b.chain(
        tensor,
        channels,
        (f"{name}/branch5x5_reduce", (1, 1), 192),
        (f"{name}/branch5x5_1", (3, 3), 224),
    )
    deep = b.conv(f"{name}/branch5x5_2_s2", deep, 224, 256, (3, 3), stride=2, same=False)
    return b.concat(f"{name}/concat", [conv, deep, b.max_pool(f"{name}/pool", tensor)]), 384 + 256 + 384


def _inception_b(b: _Builder, name: str, tensor: str, channels: int) -> tuple[str, int]:
    """17 x 17 x 1024 to the same (figure 5)."""
    branches = [
        b.chain(tensor, channels, (f"{name}/branch1x1", (1, 1), 384)),
        b.chain(
            tensor,
            channels,
            (f"{name}/branch7x7_reduce", (1, 1), 192),
            (f"{name}/branch7x7_1x7", (1, 7), 224),
            (f"{name}/branch7x7_7x1", (7, 1), 256),
        ),
        b.chain(
            tensor,
            channels,
            (f"{name}/branch13x13_reduce", (1, 1), 192),
            (f"{name}/branch13x13_7x1_1", (7, 1), 192),
            (f"{name}/branch13x13_1x7_1", (1, 7), 224),
            (f"{name}/branch13x13_7x1_2", (7, 1), 224),
            (f"{name}/branch13x13_1x7_2", (1, 7), 256),
        ),
        b.chain(b.average_pool(f"{name}/pool", tensor), channels, (f"{name}/pool_proj", (1, 1), 128)),
    ]
    return b.concat(f"{name}/concat", branches), 1024


def _reduction_b(b: _Builder, name: str, tensor: str, channels: int) -> tuple[str, int]:
    """17 x 17 x 1024 to 8 x 8 x 1536 (figure 8)."""
    short = b.conv(f"{name}/branch3x3_reduce", tensor, channels, 192, (1, 1))
    short = b.conv(f"{name}/branch3x3_s2", short, 192, 192, (3, 3), stride=2, same=False)
    long = b.chain(
        tensor,
        channels,
        (f"{name}/branch7x7_reduce", (1, 1), 256),
        (f"{name}/branch7x7_1x7", (1, 7), 256),
        (f"{name}/branch7x7_7x1", (7, 1), 320),
    )
    long = b.conv(f"{name}/branch7x7_3x3_s2", long, 320, 320, (3, 3), stride=2, same=False)
    return b.concat(f"{name}/concat", [short, long, b.max_pool(f"{name}/pool", tensor)]), 192 + 320 + 1024


def _inception_c(b: _Builder, name: str, tensor: str, channels: int) -> tuple[str, int]:
    """8 x 8 x 1536 to the same (figure 6): two branches end in a pair of convolutions each."""
    short = b.conv(f"{name}/branch3x3_reduce", tensor, channels, 384, (1, 1))
    long = b.chain(
        tensor,
        channels,
        (f"{name}/branch5x5_reduce", (1, 1), 384),
        (f"{name}/branch5x5_3x1", (3, 1), 448),
        (f"{name}/branch5x5_1x3", (1, 3), 512),
    )
    branches = [
        b.chain(tensor, channels, (f"{name}/branch1x1", (1, 1), 256)),
        b.conv(f"{name}/branch3x3_1x3", short, 384, 256, (1, 3)),
        b.conv(f"{name}/branch3x3_3x1", short, 384, 256, (3, 1)),
        b.conv(f"{name}/branch5x5_out_1x3", long, 512, 256, (1, 3)),
        b.conv(f"{name}/branch5x5_out_3x1", long, 512, 256, (3, 1)),
        b.chain(b.average_pool(f"{name}/pool", tensor), channels, (f"{name}/pool_proj", (1, 1), 256)),
    ]
    return b.concat(f"{name}/concat", branches), 1536


def _classifier(b: _Builder, tensor: str, channels: int) -> None:
    """Global average, one fully connected layer, softmax."""
    pooled = b.add("GlobalAveragePool", "pool_8x8", [tensor])
    flat = b.add("Flatten", "flatten", [pooled], axis=1)
    weights = b.constant("classifier/weights", [CLASSES, channels], 0.02)
    bias = b.constant("classifier/bias", [CLASSES], 0.0)
    scores = b.add("Gemm", "classifier", [flat, weights, bias], transB=1)
    b.add("Softmax", "prob", [scores], axis=1)
