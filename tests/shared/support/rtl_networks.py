"""Networks for the kernel in RTL that have layers of the vector unit."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper, parser

EVERY_OPERATION = """
<ir_version: 8, opset_import: ["" : 13]>
operations (float[1,24,9,10] x) => (float[1,40,18,20] y)
<float[32,24,1,1] w0, float[32] b0, float[32,1,3,3] wd, float[40,32,1,1] w1, float[40,40,1,1] ws,
 float[20,40,1,1] w2, float[20,40,1,1] w3, float[4] scales={1.0,1.0,2.0,2.0}>
{
  first = Conv(x, w0, b0)
  lrn = LRN<size=5, alpha=0.05, beta=0.75>(first)
  largest = MaxPool<kernel_shape=[3,3], pads=[1,1,1,1]>(lrn)
  depthwise = Conv<kernel_shape=[3,3], pads=[1,1,1,1], group=32>(largest, wd)
  average = AveragePool<kernel_shape=[3,3], pads=[1,1,1,1]>(depthwise)
  sum = Add(average, first)
  bent = LeakyRelu<alpha=0.1>(sum)
  second = Conv(bent, w1)
  global = GlobalAveragePool(second)
  squeezed = Conv(global, ws)
  factor = Sigmoid(squeezed)
  scaled = Mul(second, factor)
  total = Add(scaled, second)
  left = Conv(total, w2)
  right = Conv(total, w3)
  product = Mul(left, right)
  joined = Concat<axis=1>(product, right)
  curved = Tanh(joined)
  y = Resize<mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor">(curved, , scales)
}
"""
"""Each operation of the vector unit, leaky or not, between convolutions; a concatenation that begins inside a unit."""


def parsed(text: str) -> onnx.ModelProto:
    """The model of ONNX's textual syntax; weights w* and b* are random, nodes have the names of their outputs."""
    model = parser.parse_model(text)
    random = np.random.default_rng(3)
    for value in model.graph.value_info:
        if value.name[0] in "wb":
            shape = [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
            weights = random.normal(0, 0.3, shape).astype(np.float32)
            model.graph.initializer.append(numpy_helper.from_array(weights, value.name))
    del model.graph.value_info[:]
    for node in model.graph.node:
        node.name = node.output[0]
    return model
