"""The value of a node whose inputs are all constants."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import helper

from dynamap.cost.errors import DynamapError
from dynamap.planner.importer.constants.budget import SIMPLIFY, Budget
from dynamap.planner.importer.constants.control_flow import run_if, run_loop
from dynamap.planner.importer.constants.dequantising import dequantise
from dynamap.planner.importer.constants.qonnx import is_quant, quantised_constant
from dynamap.planner.importer.constants.views import view_of
from dynamap.planner.importer.constants.work import work_of
from dynamap.planner.importer.drafts import Array, Constant, Unsupported
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.reading.tensors import TensorReader

_RANDOM = (
    "RandomNormal",
    "RandomUniform",
    "RandomNormalLike",
    "RandomUniformLike",
    "Multinomial",
    "Bernoulli",
)


class Evaluator:
    """Computes constants at one opset, as long as the budget of the import lasts.

    The frequent operators cost no copy of large weights; all others run on the reference
    implementation of the onnx package.
    """

    def __init__(self, opset: int, tensors: TensorReader, budget: Budget) -> None:
        self.opset = opset
        self.tensors = tensors
        self.budget = budget

    def evaluate(
        self, node: Node, inputs: Sequence[Constant | None], captured: Mapping[str, Constant]
    ) -> tuple[Constant, ...]:
        """The outputs of ``node``, whose inputs are all constants (None where an optional one is missing).

        ``captured`` are the constants that its inner graphs read.

        Raises:
            Unsupported: the operator is not computed at import, or its result is beyond the budget.
        """
        if is_quant(node):
            return (quantised_constant(node, [None if one is None else one.array for one in inputs], self.budget),)
        if node.domain:
            raise Unsupported(f"constants of the operator {node.domain}.{node.op} cannot be computed", SIMPLIFY)
        if node.op in _RANDOM:
            raise Unsupported("its result differs from run to run", "replace it by a constant before the export")
        try:
            return self._compute(node, inputs, captured)
        except (Unsupported, DynamapError):
            raise
        except Exception as error:  # of NumPy or of the reference implementation, on inputs that do not fit
            reason = " ".join(str(error).split())[:300]
            raise Unsupported(f"its constant value cannot be computed ({reason})", SIMPLIFY) from error

    def _compute(
        self, node: Node, inputs: Sequence[Constant | None], captured: Mapping[str, Constant]
    ) -> tuple[Constant, ...]:
        if node.op == "Constant":
            return (Constant(self._constant(node)),)
        if node.op == "Loop":
            return tuple(run_loop(self.evaluate, self.tensors, self.budget, node, inputs, captured))
        if node.op == "If" and inputs[0] is not None:
            condition = bool(inputs[0].array.reshape(()))
            return tuple(run_if(self.evaluate, self.tensors, node, condition, captured))
        arrays = [None if value is None else value.array for value in inputs]
        if node.op == "DequantizeLinear":
            return (dequantise(node, arrays, self.budget),)
        view = view_of(node, inputs, self.budget)
        if view is not None:
            return (view,)
        work = work_of(node, arrays, self.opset)
        self.budget.spend(work.result_bytes, work.steps)
        return tuple(Constant(array) for array in self._reference(node, arrays))

    def _constant(self, node: Node) -> Array:
        attributes = node.attributes
        if len(attributes) != 1:
            raise Unsupported(f"it has {len(attributes)} values instead of one", "export the model again")
        name, value = next(iter(attributes.items()))
        if name == "value" and isinstance(value, onnx.TensorProto):
            return self.tensors.array(value)
        if name in ("value_float", "value_floats"):
            return np.asarray(value, np.float32)
        if name in ("value_int", "value_ints"):
            return np.asarray(value, np.int64)
        raise Unsupported(f"constants of the kind {name!r} are not supported", SIMPLIFY)

    def _reference(self, node: Node, arrays: Sequence[Array | None]) -> list[Array]:
        from onnx.reference import ReferenceEvaluator

        feeds = {name: array for name, array in zip(node.inputs, arrays, strict=True) if array is not None}
        values = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
            for name, array in feeds.items()
        ]
        names = [name for name in node.outputs if name]
        results = [helper.make_empty_tensor_value_info(name) for name in names]
        graph = helper.make_graph([node.proto], "constant", values, results)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            computed = ReferenceEvaluator(graph, opsets={"": self.opset}).run(names, feeds)
        by_name = dict(zip(names, computed, strict=True))
        return [np.asarray(by_name.get(name, 0.0)) for name in node.outputs]
