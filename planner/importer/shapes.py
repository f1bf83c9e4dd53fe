"""Shapes behind unsupported nodes, so that the check can judge what follows them."""

from __future__ import annotations

import onnx
from onnx import shape_inference

from dynamap.planner.importer.graph import Graph


class ShapeOracle:
    """Asks the shape inference of the onnx package, once, and only if some node is unsupported."""

    def __init__(self, model: onnx.ModelProto, graph: Graph) -> None:
        self._model = model
        self._graph = graph
        self._shapes: dict[str, tuple[int, ...]] | None = None

    def shape(self, name: str) -> tuple[int, ...] | None:
        """The shape of ``name`` at batch 1, or None where it cannot be inferred."""
        if self._shapes is None:
            self._shapes = self._infer()
        return self._shapes.get(name)

    def _infer(self) -> dict[str, tuple[int, ...]]:
        light = onnx.ModelProto()
        light.ir_version = self._model.ir_version
        light.opset_import.extend(self._model.opset_import)
        light.graph.name = self._model.graph.name
        light.graph.node.extend(self._model.graph.node)
        for value in self._model.graph.input:
            copy = light.graph.input.add()
            copy.CopyFrom(value)
            dimensions = copy.type.tensor_type.shape.dim
            if value.name in self._graph.inputs and dimensions:
                dimensions[0].dim_value = 1
        listed = {value.name for value in self._model.graph.input}
        for tensor in self._model.graph.initializer:
            if sum(tensor.dims) <= 64:  # shapes, axes and scales; the weights' values are not needed
                light.graph.initializer.add().CopyFrom(tensor)
            if tensor.name not in listed:
                light.graph.input.append(
                    onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
                )
        for output in self._model.graph.output:
            kind = output.type.tensor_type.elem_type or onnx.TensorProto.FLOAT
            light.graph.output.append(onnx.helper.make_tensor_value_info(output.name, kind, None))
        try:
            inferred = shape_inference.infer_shapes(light, data_prop=True)
        except (shape_inference.InferenceError, RuntimeError, ValueError):
            return {}  # the nodes after the unsupported one are then reported as not judged
        shapes = {}
        for value in (*inferred.graph.value_info, *inferred.graph.output):
            dimensions = value.type.tensor_type.shape.dim
            sizes = tuple(int(dimension.dim_value) for dimension in dimensions)
            if sizes and min(sizes) > 0:
                shapes[value.name] = sizes
        return shapes
