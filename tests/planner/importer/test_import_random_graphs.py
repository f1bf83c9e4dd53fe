"""Random graphs with shared tensors and several outputs: folding never changes what onnxruntime computes."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.random_blocks import CHANNELS, COLUMNS, CONSTANTS, FIXED, KINDS, ROWS, blocks


@st.composite
def graphs(draw):
    """Steps as (kind, first operand, second operand); operands count back from the newest tensor."""
    recent = st.integers(0, 3)
    steps = draw(st.lists(st.tuples(st.sampled_from(KINDS), recent, recent), min_size=2, max_size=10))
    extra = draw(st.integers(0, len(steps)))
    return steps, extra


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(graphs())
def test_random_graphs(same, model_of, values, graph):
    steps, extra = graph
    tensors, nodes = ["x"], []
    for index, (kind, first, second) in enumerate([("conv1", 0, 0), *steps]):
        out = f"t{index}"
        a = tensors[max(len(tensors) - 1 - first, 0)]
        b = tensors[max(len(tensors) - 1 - second, 0)]
        nodes += blocks(a, b, out)[kind]
        tensors.append(out)
    nodes += blocks(tensors[-1], "x", "y")["conv3"]
    outputs = (tensors[1 + extra], "y")
    constants = {name: values(*shape, scale=0.4) for name, shape in CONSTANTS.items()}
    same(model_of(nodes, {**constants, **FIXED}, shape=(1, CHANNELS, ROWS, COLUMNS), opset=13, outputs=outputs))
