"""Freezes the drafts of an import into a network and a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dynamap.cost.errors import InputError
from dynamap.cost.geometry import TensorShape
from dynamap.planner.importer.drafts import (
    ActivateSpec,
    AddSpec,
    ConcatSpec,
    ConvSpec,
    FloatArray,
    HostSpec,
    LayerDraft,
    LrnSpec,
    MulSpec,
    PoolSpec,
    ResizeSpec,
    TensorDraft,
    Transposed,
    Value,
    Verdict,
)
from dynamap.planner.importer.fates import CheckReport, Fate, NodeFate
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.activation import RELU
from dynamap.planner.importer.operators.quant import implied_relu
from dynamap.planner.importer.reading.types import declared_shapes, declared_types
from dynamap.planner.network.limits import network_obstacles, obstacles, value_obstacles
from dynamap.planner.network.network import (
    Activate,
    Add,
    Concat,
    Conv,
    HostLayer,
    Layer,
    Lrn,
    Mul,
    Network,
    Pool,
    Resize,
    WeightQuantisation,
)


def settle_outputs(lowering: Lowering) -> None:
    """Give each output of the model a tensor of its name, by renaming or by a copy on the host."""
    taken = set(lowering.graph.inputs)
    makers = {name: node for node in lowering.graph.order for name in node.outputs}
    for name in lowering.graph.outputs:
        bound = lowering.values.get(name)
        if bound is None:
            raise InputError(f"{lowering.graph.label}: the output {name!r} is a constant; remove it from the model")
        if isinstance(bound, Transposed):
            bound.refuse(bound.shape)
        node = makers.get(name)
        if not isinstance(bound, Value) or node is None:
            continue  # unsupported, or an input of the model
        if lowering.verdicts[node.index].fate is Fate.UNSUPPORTED:
            continue  # what is bound stands in for its result
        refusal = _refused_output(bound)
        if refusal is not None:
            lowering.verdicts[node.index] = refusal
            continue
        tensor = bound.tensor
        vector = tensor.shape.height == tensor.shape.width == 1
        settler = node
        if not bound.is_plain and not vector:
            if tensor.name == name:  # the layer's own nodes worked on the flattened view
                tensor.name = f"{name} (C x H x W)"
            flat = TensorShape(tensor.shape.elements, 1, 1)
            settler = _first_of_another_shape(lowering, node, makers)
            draft = LayerDraft(
                settler.name, HostSpec("flatten", {"shape": bound.shape}), (tensor,), TensorDraft(name, flat)
            )
        elif tensor.name == name:
            taken.add(name)
            continue
        elif tensor.name not in taken and not lowering.graph.is_output(tensor.name):
            tensor.name = name
            taken.add(name)
            continue
        else:
            draft = LayerDraft(node.name, HostSpec("identity", {}), (tensor,), TensorDraft(name, tensor.shape))
        draft.output.producer = draft
        draft.output.quantisation = tensor.quantisation
        lowering.layers.append(draft)
        if lowering.verdicts[settler.index].fate is Fate.FOLDED:
            why = lowering.verdicts[settler.index].reason
            lowering.verdicts[settler.index] = Verdict(Fate.HOST, draft, why, "")


def _refused_output(bound: Value) -> Verdict | None:
    """Why a value cannot be an output of the model, or None."""
    if len(bound.shape) > 1 and bound.shape[0] != 1:
        return Verdict(
            Fate.UNSUPPORTED,
            None,
            f"it gives the output the shape {list(bound.shape)}, whose batch is not 1",
            "export the model with batch size 1, or end it before this node",
        )
    if bound.order is not None:
        return Verdict(
            Fate.UNSUPPORTED,
            None,
            "the model ends in the middle of a channel shuffle",
            "end the model before the shuffle, or after its last Reshape",
        )
    return None


def _first_of_another_shape(lowering: Lowering, node: Node, makers: Mapping[str, Node]) -> Node:
    """The node before ``node``, or it itself, that made of C x H x W the shape that those behind it keep."""
    while True:
        bound = {name: lowering.values.get(name) for name in node.inputs if name in makers}
        before = [name for name, value in bound.items() if isinstance(value, Value) and not value.is_plain]
        if not before:
            return node
        node = makers[before[0]]


def refuse_host_before_overlay(lowering: Lowering) -> None:
    """A layer of the host whose result the overlay needs is unsupported."""
    users: dict[int, LayerDraft] = {}
    for draft in lowering.layers:
        if draft.is_host:
            continue
        for tensor in draft.inputs:
            if tensor.producer is not None and tensor.producer.is_host:
                users.setdefault(id(tensor.producer), draft)
    for index, verdict in list(lowering.verdicts.items()):
        if verdict.fate is Fate.HOST and id(verdict.draft) in users:
            user = users[id(verdict.draft)]
            lowering.verdicts[index] = Verdict(
                Fate.UNSUPPORTED,
                None,
                f"the host would compute it, but the overlay needs its result for {user.name!r}",
                "move it behind the last layer of the overlay, or replace it",
            )


def refuse_what_no_overlay_can_do(lowering: Lowering, layers: Sequence[Layer]) -> None:
    """The nodes of layers that pass a limit of every overlay are unsupported; ``layers`` are those of the drafts."""
    for draft, layer in zip(lowering.layers, layers, strict=True):
        node = lowering.makers.get(id(draft))
        if node is None:
            continue
        inputs = [tensor.shape for tensor in draft.inputs]
        wrong = tuple(value_obstacles(layer))
        for obstacle in (*obstacles(layer, inputs, draft.output.shape), *wrong):
            lowering.verdicts[node.index] = Verdict(
                Fate.UNSUPPORTED, None, obstacle.reason, obstacle.remedy, refused=obstacle in wrong
            )


def settled_layers(lowering: Lowering) -> tuple[dict[int, str], tuple[Layer, ...]]:
    """All layers when every node is lowered, and their names by the identity of their drafts."""
    lowering.drop_replaced()
    settle_outputs(lowering)
    refuse_host_before_overlay(lowering)
    names = unique_names(lowering.layers)
    layers = frozen_layers(lowering, names)
    refuse_what_no_overlay_can_do(lowering, layers)
    return names, layers


def report_of(lowering: Lowering, model: str, names: dict[int, str]) -> CheckReport:
    """The fate of every node; ``names`` are the final layer names by the identity of their drafts."""
    fates = []
    for node in lowering.graph.nodes:
        verdict = lowering.verdicts.get(node.index)
        if verdict is None:
            verdict = Verdict(Fate.FOLDED, None, "its result is not used")
        into = names.get(id(verdict.draft), "")
        if verdict.fate is Fate.FOLDED and not into and not verdict.reason:
            raise AssertionError(f"node {node.name!r} was folded into nothing")
        fates.append(NodeFate(node.name, qualified(node), verdict.fate, into, verdict.reason, verdict.remedy))
    return CheckReport(model, tuple(fates), tuple(lowering.notices))


def unique_names(layers: list[LayerDraft]) -> dict[int, str]:
    """Final layer names: later layers of a name that is taken get ' (2)', ' (3)', ... behind it."""
    wanted = {draft.name for draft in layers}
    taken: set[str] = set()
    counts: dict[str, int] = {}
    names: dict[int, str] = {}
    for draft in layers:
        name, count = draft.name, counts.get(draft.name, 1)
        while name in taken or (count > 1 and name in wanted):
            count += 1
            name = f"{draft.name} ({count})"
        counts[draft.name] = count
        taken.add(name)
        names[id(draft)] = name
    return names


def frozen_layers(lowering: Lowering, names: dict[int, str]) -> tuple[Layer, ...]:
    """The layers of the drafts, in their order."""
    return tuple(_layer(lowering, draft, names[id(draft)]) for draft in lowering.layers)


def network_of(lowering: Lowering, name: str, sha256: str, layers: tuple[Layer, ...]) -> Network:
    """The frozen network.

    Raises:
        InputError: it has more layers than a program holds.
    """
    inputs = []
    for input_name in lowering.graph.inputs:
        bound = lowering.values[input_name]
        assert isinstance(bound, Value)
        inputs.append(bound.tensor)
    tensors = [*inputs, *(draft.output for draft in lowering.layers)]
    network = Network(
        name=name,
        sha256=sha256,
        layers=layers,
        tensors={tensor.name: tensor.shape for tensor in tensors},
        inputs=tuple(tensor.name for tensor in inputs),
        outputs=lowering.graph.outputs,
        types=declared_types(lowering),
        shapes=declared_shapes(lowering),
        quantisation={tensor.name: tensor.quantisation for tensor in tensors if tensor.quantisation is not None},
        notices=tuple(lowering.notices),
    )
    for obstacle in network_obstacles(network):
        raise InputError(f"{lowering.graph.label}: {obstacle.reason}; {obstacle.remedy}")
    return network


def _layer(lowering: Lowering, draft: LayerDraft, name: str) -> Layer:
    inputs = tuple(tensor.name for tensor in draft.inputs)
    output = draft.output.name
    spec = draft.spec
    activation = draft.activation
    if activation is None and isinstance(spec, (ConvSpec, AddSpec, MulSpec)) and implied_relu(draft):
        activation = RELU
    if isinstance(spec, ConvSpec):
        weights, bias = _folded(spec, draft)
        return Conv(
            name=name,
            inputs=(inputs[0],),
            output=output,
            window=spec.window,
            weights=weights,
            bias=bias,
            groups=spec.groups,
            activation=activation,
            output_order=draft.order,
            fully_connected=spec.fully_connected,
            weight_quantisation=_quantised(lowering, spec, draft),
        )
    if isinstance(spec, PoolSpec):
        return Pool(name, (inputs[0],), output, spec.kind, spec.window, spec.count_include_pad, activation)
    if isinstance(spec, AddSpec):
        return Add(name, inputs, output, activation)
    if isinstance(spec, MulSpec):
        return Mul(name, (inputs[0], inputs[1]), output, activation)
    if isinstance(spec, ConcatSpec):
        return Concat(name, inputs, output)
    if isinstance(spec, LrnSpec):
        return Lrn(name, (inputs[0],), output, spec.size, spec.alpha, spec.beta, spec.bias)
    if isinstance(spec, ResizeSpec):
        return Resize(name, (inputs[0],), output, spec.rows, spec.columns, spec.interleaved)
    if isinstance(spec, ActivateSpec):
        assert activation is not None
        return Activate(name, (inputs[0],), output, activation)
    return HostLayer(name, inputs, output, spec.op, dict(spec.attributes))


def _folded(spec: ConvSpec, draft: LayerDraft) -> tuple[FloatArray, FloatArray]:
    """Weights and bias with the affine folded in, computed in double precision, rounded once."""
    # Placeholders of models without weights have stride 0 and take no memory: they stay as they are.
    placeholder = spec.weights.size > 1 and not any(spec.weights.strides)
    weights: FloatArray = spec.weights if placeholder else np.ascontiguousarray(spec.weights)
    bias: FloatArray = np.ascontiguousarray(spec.bias)
    if draft.scale is not None and draft.shift is not None:
        scale = draft.scale.astype(np.float32).reshape(-1, 1, 1, 1)
        weights = weights if placeholder else weights * scale
        bias = (bias.astype(np.float64) * draft.scale + draft.shift).astype(np.float32)
    for array in (weights, bias):
        array.flags.writeable = False
    return weights, bias


def _quantised(lowering: Lowering, spec: ConvSpec, draft: LayerDraft) -> WeightQuantisation | None:
    """The model's own int8 weights, unless a scale was folded into the real ones."""
    if spec.quantisation is None:
        return None
    if draft.scale is not None and (draft.scale != 1.0).any():
        lowering.notice("quantised weights into which a scale was folded are quantised anew")
        return None
    return spec.quantisation


def qualified(node: Node) -> str:
    """The operator with its domain."""
    return f"{node.domain}.{node.op}" if node.domain else node.op
