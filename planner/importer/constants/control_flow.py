"""If and Loop over constants: their inner graphs are computed node by node, each paid for as any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from onnx import GraphProto

from dynamap.planner.importer.constants.budget import SIMPLIFY, Budget
from dynamap.planner.importer.drafts import Array, Constant, Unsupported
from dynamap.planner.importer.graph import Node, node_of
from dynamap.planner.importer.limits import MAX_TRIPS
from dynamap.planner.importer.reading.tensors import TensorReader

Constants = Mapping[str, Constant]
Evaluate = Callable[[Node, Sequence[Constant | None], Constants], tuple[Constant, ...]]


def run_if(evaluate: Evaluate, tensors: TensorReader, node: Node, condition: bool, known: Constants) -> list[Constant]:
    """The outputs of the branch of an If that ``condition`` takes."""
    return _run_graph(evaluate, tensors, node.graph("then_branch" if condition else "else_branch"), known)


def run_loop(
    evaluate: Evaluate,
    tensors: TensorReader,
    budget: Budget,
    node: Node,
    inputs: Sequence[Constant | None],
    known: Constants,
) -> list[Constant]:
    """ONNX, operator Loop: carried values after the last trip, then what every trip gave, stacked.

    Raises:
        Unsupported: it makes more than `MAX_TRIPS` trips, or carries what is missing.
    """
    body = node.graph("body")
    limit, going = _number(inputs, 0), _number(inputs, 1) is not False
    carried = [value for value in inputs[2:] if value is not None]
    names = [value.name for value in body.input]
    if len(names) != 2 + len(carried) or len(carried) < len(inputs[2:]) or len(body.output) <= len(carried):
        raise Unsupported("its body does not fit its inputs", "export the model again")
    stacks: list[list[Array]] = [[] for _ in range(len(body.output) - 1 - len(carried))]
    trip = 0
    while going and (limit is None or trip < limit):
        if trip == MAX_TRIPS:
            raise Unsupported(f"it makes more than {MAX_TRIPS} trips", SIMPLIFY)
        first = (Constant(np.asarray(trip, np.int64)), Constant(np.asarray(True)))
        results = _run_graph(evaluate, tensors, body, {**known, **dict(zip(names, (*first, *carried), strict=True))})
        going = bool(results[0].array.reshape(()))
        carried = results[1 : 1 + len(carried)]
        for stack, value in zip(stacks, results[1 + len(carried) :], strict=True):
            budget.spend(value.array.nbytes, value.array.size)
            stack.append(value.array)
        trip += 1
    if not trip and stacks:
        raise Unsupported("it makes no trip, so that the shapes of its results are not known", SIMPLIFY)
    return [*carried, *(Constant(np.stack(stack)) for stack in stacks)]


def _run_graph(evaluate: Evaluate, tensors: TensorReader, graph: GraphProto, known: Constants) -> list[Constant]:
    values = dict(known)
    values.update((tensor.name, Constant(tensors.array(tensor))) for tensor in graph.initializer)
    for index, proto in enumerate(graph.node):
        node = node_of(index, proto)
        inputs = [_value(values, name) if name else None for name in node.inputs]
        results = evaluate(node, inputs, values)
        values.update((name, value) for name, value in zip(node.outputs, results, strict=False) if name)
    return [_value(values, output.name) for output in graph.output]


def _value(values: Constants, name: str) -> Constant:
    if name not in values:
        raise Unsupported(f"its inner graph reads {name!r}, which is not a constant", SIMPLIFY)
    return values[name]


def _number(inputs: Sequence[Constant | None], position: int) -> int | bool | None:
    """The number or condition at an optional input."""
    value = inputs[position] if position < len(inputs) else None
    return None if value is None else value.array.reshape(()).item()
