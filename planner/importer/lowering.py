"""The state of one import, and the few steps that every operator's handler is made of.

A handler reads values, folds into the layer before or emits a layer, and binds its outputs; or it
raises Unsupported. `Lowering` keeps for every node what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import replace

import numpy as np
from onnx import TypeProto

from dynamap.cost.errors import InputError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.importer.constants.evaluation import Evaluator
from dynamap.planner.importer.constants.placeholders import is_placeholder
from dynamap.planner.importer.drafts import (
    Array,
    Bound,
    Constant,
    ConvSpec,
    DoubleArray,
    FloatArray,
    LayerDraft,
    Spec,
    TensorDraft,
    Transposed,
    Unknown,
    Unreadable,
    Unsupported,
    Value,
    Verdict,
)
from dynamap.planner.importer.fates import Fate
from dynamap.planner.importer.graph import Graph, Node
from dynamap.planner.importer.limits import MAX_AXES, MAX_CHANNELS, MAX_ELEMENTS, MAX_SIDE
from dynamap.planner.importer.nesting.functions import Refusal
from dynamap.planner.importer.reading.operand_types import OperandTypes
from dynamap.planner.network.limits import all_finite
from dynamap.planner.network.network import Quantisation

_CHANNEL_BYTES = 64  # of bias, scale, shift, order and slopes, which small files can ask for without storing them
BEHIND = "its input depends on the unsupported node {!r} and cannot be judged"


class Lowering:
    """Values, layers, fates and notices of the import in progress."""

    def __init__(
        self,
        graph: Graph,
        evaluator: Evaluator,
        constants: Mapping[str, Constant],
        refused_functions: Mapping[tuple[str, str], Refusal],
        *,
        may_branch: bool,
        host: bool = False,
    ) -> None:
        """``constants`` are known from an earlier round; ``may_branch``: there may be another after this one.

        ``host``: what the overlay cannot do may be left to the host, so types are followed through it.
        """
        self.graph = graph
        self.opset = evaluator.opset
        self.evaluator = evaluator
        self.refused_functions = refused_functions
        self.may_branch = may_branch
        self.types = OperandTypes(
            {name: graph.element_types[name] for name in graph.inputs}
            | {name: tensor.data_type for name, tensor in graph.initialisers.items()}
        )
        self.foreign: dict[str, TypeProto] | None = {} if host else None
        """What is known of the outputs of unsupported nodes."""
        self.input_problems: list[InputError] = []
        """Why inputs are none for the overlay."""
        self.batched = True
        """Whether the first axis of an input is its batch; else the host reads inputs where it is longer than 1."""
        self.fixed_batch: str | None = None
        """An input whose batch is fixed and not 1."""
        self.taken: dict[int, bool] = {}  # the branches of Ifs, by the index of the node
        self.values: MutableMapping[str, Bound] = {}
        self.constants: dict[str, Constant] = dict(constants)
        self.layers: list[LayerDraft] = []
        self.makers: dict[int, Node] = {}  # the node of every layer, by the identity of its draft
        self.verdicts: dict[int, Verdict] = {}
        self.notices: list[str] = []
        self.stored_again: dict[tuple[int, Quantisation, tuple[int, ...] | None], TensorDraft] = {}
        """Copies by tensor, scale and order of the channels."""
        self.replaced: dict[int, LayerDraft] = {}
        """One of the layers that stand for a layer which nothing reads any more, by the identity of its draft."""

    # ---- reading ----

    def constant(self, name: str) -> Constant | None:
        """What ``name`` holds, if it is known at import."""
        found = self.constants.get(name)
        if found is None and name in self.graph.initialisers:
            found = Constant(self.evaluator.tensors.array(self.graph.initialisers[name]))
            self.constants[name] = found
        return found

    def array(self, node: Node, position: int) -> Array | None:
        """The constant at an input; None where the optional input is missing.

        Raises:
            Unsupported: it is computed from the network's input.
        """
        if not node.has(position):
            return None
        found = self.constant(node.inputs[position])
        if found is None:
            raise Unsupported(
                f"its input {node.inputs[position]!r} is computed during inference, not a constant",
                "export the model with constant parameters (onnxsim folds what can be folded)",
            )
        return found.array

    def integers(self, node: Node, position: int, most: int = 2 * MAX_AXES) -> tuple[int, ...] | None:
        """The constant integers at an input (axes, sizes, pads); None where the optional input is missing.

        Raises:
            Unsupported: they are computed from the network's input, or are no list of integers, ``most`` of them.
        """
        array = self.array(node, position)
        if array is None:
            return None
        if array.ndim > 1 or array.dtype.kind not in "iu" or array.size > most:
            raise Unsupported(
                f"its input {node.inputs[position]!r}, {array.dtype} of shape {list(array.shape)}, is no list of axes "
                "or sizes",
                "export the model again; the file may be damaged",
            )
        return tuple(int(number) for number in np.atleast_1d(array))

    def parameter(self, node: Node, position: int, what: str) -> FloatArray:
        """A constant as float32, refused where it is not finite."""
        array = self.array(node, position)
        if array is None:
            raise Unsupported(f"its {what} are missing", "export the model again")
        return self.as_float(array, node.inputs[position], what)

    def as_float(self, array: Array, name: str, what: str) -> FloatArray:
        if is_placeholder(array):  # one value stays one
            one = self.as_float(array[(slice(1),) * array.ndim], name, what)
            return np.broadcast_to(one.reshape(()), array.shape)
        if array.dtype == np.float32:
            real: FloatArray = array  # type: ignore[assignment]
        elif np.issubdtype(array.dtype, np.floating) or array.dtype.name in ("bfloat16", "float16"):
            self.notice(f"parameters of type {array.dtype.name} are converted to float32")
            real = array.astype(np.float32)
        elif np.issubdtype(array.dtype, np.integer):
            real = array.astype(np.float32)
        else:
            raise Unsupported(f"its {what} {name!r} are of type {array.dtype}", "export the model in float32")
        if not all_finite(real):
            raise Unsupported(f"its {what} {name!r} contain NaN or infinite values", "train or export the model again")
        return real

    def read(self, node: Node, position: int, readers: int = 1) -> Value:
        """The activation at an input, in whatever view; ``readers`` of it belong to the node's pattern."""
        if not node.has(position):
            raise Unsupported(f"its input {position} is missing", "export the model again")
        name = node.inputs[position]
        bound = self.values.get(name)
        if isinstance(bound, Transposed):
            bound = bound.refuse(bound.shape)
        if isinstance(bound, Unknown):
            raise Unsupported(BEHIND.format(bound.culprit), "replace that node first")
        if bound is None:
            raise Unsupported(
                f"its input {name!r} is a constant, where an activation is expected",
                "simplify the model (onnxsim), so that constants are computed before",
            )
        shared = bound.shared or self.graph.readers(name) > readers or self.graph.is_output(name)
        return _replace(bound, shared=shared)

    def real(self, node: Node, position: int, readers: int = 1) -> Value:
        """As `read`; refused between QuantizeLinear and DequantizeLinear."""
        value = self.read(node, position, readers)
        if value.integer is not None:
            raise Unsupported(
                f"it computes on the quantised integers of {node.inputs[position]!r}",
                "export the quantised model in QDQ form (quant_format=QuantFormat.QDQ)",
            )
        return value

    def plain(self, node: Node, position: int) -> Value:
        """As `real`; refused where the value is not N x C x H x W, N x C x L or N x C, as the layers need it."""
        value = self.real(node, position)
        if not value.is_image:
            raise refuse_view(node, position, value)
        return value

    # ---- writing ----

    def notice(self, sentence: str) -> None:
        if sentence not in self.notices:
            self.notices.append(sentence)

    def verdict(self, node: Node, fate: Fate, draft: LayerDraft | None, reason: str = "") -> None:
        self.verdicts[node.index] = Verdict(fate, draft, reason)

    def bind(self, name: str, value: Bound) -> None:
        self.values[name] = value

    def forget(self, node: Node) -> None:
        """Take back what the outputs of ``node`` hold, because it is refused after all."""
        for name in node.outputs:
            self.values.pop(name, None)
            self.constants.pop(name, None)

    def emit(
        self,
        node: Node,
        spec: Spec,
        inputs: Sequence[TensorDraft],
        shape: TensorShape,
        view: tuple[int, ...] | None = None,
    ) -> LayerDraft:
        """A new layer, called as the node, that writes its first output, seen in the shape ``view``.

        Raises:
            Unsupported: its output is larger than any tensor may be.
        """
        draft = self._add(node, spec, inputs, TensorDraft(node.outputs[0], shape))
        self.bind(node.outputs[0], Value(draft.output, view or (1, *shape.as_list())))
        self.verdict(node, Fate.HOST if draft.is_host else Fate.OVERLAY, draft)
        return draft

    def emit_step(
        self, node: Node, spec: Spec, inputs: Sequence[TensorDraft], shape: TensorShape, number: int
    ) -> LayerDraft:
        """A new layer before the one that writes the node's output: step ``number`` of those that it takes.

        Raises:
            Unsupported: its output is larger than any tensor may be.
        """
        name = f"{node.outputs[0]} (step {number})"
        while name in self.graph.names:
            name += "'"
        return self._add(node, spec, inputs, TensorDraft(name, shape))

    def _add(self, node: Node, spec: Spec, inputs: Sequence[TensorDraft], output: TensorDraft) -> LayerDraft:
        shape = output.shape
        if shape.elements > MAX_ELEMENTS or shape.channels > MAX_CHANNELS:
            raise Unsupported(
                f"its output would have {shape.channels} x {shape.height} x {shape.width} elements; "
                f"{MAX_CHANNELS} channels and {MAX_ELEMENTS} elements are the most",
                "use a smaller image, or split the layer",
            )
        if isinstance(spec, ConvSpec):
            self.evaluator.budget.spend(_CHANNEL_BYTES * shape.channels, 0)
        draft = LayerDraft(node.name, spec, tuple(inputs), output)
        output.producer = draft
        self.layers.append(draft)
        self.makers[id(draft)] = node
        return draft

    def drop_replaced(self) -> None:
        """Forget the layers that others stand for; their nodes are in these."""
        self.layers = [draft for draft in self.layers if id(draft) not in self.replaced]
        for index, verdict in self.verdicts.items():
            if id(verdict.draft) in self.replaced:
                self.verdicts[index] = replace(verdict, draft=self.replaced[id(verdict.draft)])

    def foldable(self, value: Value) -> LayerDraft | None:
        """The layer before, if nothing but the reader of ``value`` sees its output as it is."""
        if value.shared or value.integer is not None or value.dequantised or value.tensor.quantisation is not None:
            return None
        return value.tensor.producer

    def fold(self, node: Node, value: Value, output: str, reason: str) -> None:
        """Record that ``node`` became part of the layer before; its output takes over the name."""
        value.tensor.name = output
        self.bind(output, _replace(value, shared=False))
        self.verdict(node, Fate.FOLDED, value.tensor.producer, reason)

    def alias(self, node: Node, value: Value, reason: str) -> None:
        """``node`` does nothing to the elements; its output is ``value``."""
        self.bind(node.outputs[0], value)
        self.verdict(node, Fate.FOLDED, value.tensor.producer, reason)

    def depthwise(
        self,
        node: Node,
        value: Value,
        *,
        scale: DoubleArray | None = None,
        shift: DoubleArray | None = None,
        order: tuple[int, ...] | None = None,
        pads: tuple[int, int, int, int] = (0, 0, 0, 0),
        view: tuple[int, ...] | None = None,
    ) -> LayerDraft:
        """A 1 x 1 depthwise convolution: what scales, shifts, permutes or pads where nothing can fold it."""
        chw = value.tensor.shape
        window = Window((1, 1), pads=pads)
        rows, columns = window.output_size(chw.height, chw.width)
        ones = np.ones((chw.channels, 1, 1, 1), np.float32)
        spec = ConvSpec(window, ones, np.zeros(chw.channels, np.float32), groups=chw.channels)
        shape = TensorShape(chw.channels, rows, columns)
        draft = self.emit(node, spec, [value.tensor], shape, view)
        draft.scale, draft.shift, draft.order = scale, shift, order
        return draft


def stand_in(node: Node, name: str, shape: tuple[int, ...] | None) -> Value | Unknown:
    """What ``name``, an output of the refused ``node``, holds for the nodes behind, which are to be judged too."""
    if not shape or shape[0] != 1 or len(shape) not in (2, 3, 4):
        return Unknown(node.name)
    chw = TensorShape.of_sizes(shape[1:])
    if chw.channels > MAX_CHANNELS or max(chw.height, chw.width) > MAX_SIDE or chw.elements > MAX_ELEMENTS:
        return Unknown(node.name)
    return Value(TensorDraft(name, chw), shape, shared=True)


def refuse_view(node: Node, position: int, value: Value) -> Unreadable:
    """The refusal of an input that is a reshaped view where the tensor itself is needed."""
    chw = value.tensor.shape
    return Unreadable(
        f"its input {node.inputs[position]!r} is a {list(value.shape)} view of a tensor of "
        f"{chw.channels} x {chw.height} x {chw.width} channels, rows and columns",
        "keep activations N x C x H x W (or N x C) up to this node",
        position,
    )


def _replace(value: Value, *, shared: bool) -> Value:
    return Value(value.tensor, value.shape, shared, value.integer, value.dequantised, value.order, value.pads)
