"""A model that the overlay cannot run by itself, as parts of the overlay and segments of the host."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
from onnx import TensorProto, TypeProto, helper

from dynamap.cost.errors import InputError
from dynamap.planner.importer.cutting.pieces import Piece, Pieces
from dynamap.planner.importer.cutting.submodel import submodel
from dynamap.planner.importer.cutting.union import LoweredPart, united
from dynamap.planner.importer.drafts import ConvSpec, HostSpec, Transposed, Unknown, Value, Verdict
from dynamap.planner.importer.fates import CheckReport, Fate, NodeFate
from dynamap.planner.importer.finish import network_of, qualified, settled_layers
from dynamap.planner.importer.graph import Ends, Graph, Node, at_batch_1
from dynamap.planner.importer.judging import lower_nodes
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.quant import settle_integer_inputs
from dynamap.planner.importer.reading.inputs import FixedBatch, bind_tensor
from dynamap.planner.importer.reading.read import Source
from dynamap.planner.importer.reading.shapes import REAL_TYPES, output_types, sizes_of
from dynamap.planner.network.network import Network
from dynamap.planner.network.whole import HostSegment, ModelPort, OverlayPart, Step, Whole

MOST_ROUNDS = 32
"""How often what a cut leaves for the overlay may show that the overlay cannot take another node of it."""

_VIEWS = frozenset(
    {"Cast", "Concat", "Dropout", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Split", "Squeeze"}
    | {"Tile", "Transpose", "Unsqueeze"}
)
_RANDOM = ("Bernoulli", "Multinomial", "RandomNormalLike", "RandomUniformLike")
DOMAINS = ("", "com.microsoft", "ai.onnx.ml")
"""Whose operators onnxruntime has."""


@dataclass(frozen=True, eq=False)
class Cut:
    """The fate of every node, and the network where there is one."""

    report: CheckReport
    network: Network | None


@dataclass(frozen=True)
class _Group:
    """The nodes of one step, in topological order."""

    nodes: tuple[Node, ...]
    on_host: bool
    reads: tuple[str, ...]
    writes: tuple[str, ...]


def cut(base: Lowering, source: Source, report: CheckReport) -> Cut:
    """Cut a model whose nodes are judged already (``report``): some are unsupported, and the host may take them.

    Raises:
        FixedBatch: the first axis of an input is longer than 1.
        InputError: nothing is left for the overlay.
    """
    if base.fixed_batch is not None:
        raise FixedBatch(
            f"{source.label}: parts of the model have to run on the host, with the batch that the model fixes for its "
            f"input {base.fixed_batch!r}; export the model with batch size 1, or a dynamic one"
        )
    if any(_no_host(base, node) for node in base.graph.order):
        return Cut(report, None)
    inside = _types_inside(base)
    sizes = {name: math.prod(sizes_of(kind) or ()) for name, kind in inside.items()}
    sizes |= {name: math.prod(bound.shape) for name, bound in base.values.items() if not isinstance(bound, Unknown)}
    pieces = Pieces(_pieces(base), frozenset(base.graph.outputs), sizes)
    host: Set[int] = _first_host(base)
    for _ in range(MOST_ROUNDS):
        host = pieces.settled(host)
        groups = _groups(base, pieces, host)
        if all(group.on_host for group in groups):
            raise _nothing_left(base, source, report)
        parts = [_lowered(base, group) for group in groups if not group.on_host]
        unsupported = {
            part.originals[index].index: verdict
            for part in parts
            for index, verdict in part.lowering.verdicts.items()
            if verdict.fate is Fate.UNSUPPORTED
        }
        if not unsupported:
            return _whole(base, source, groups, parts)
        if any(verdict.refused for verdict in unsupported.values()):
            return Cut(_refused(report, base, unsupported), None)
        base.verdicts.update(unsupported)
        host |= unsupported.keys()
    return Cut(report, None)


def _types_inside(base: Lowering) -> dict[str, TypeProto]:
    """The tensors between nodes that became one layer together, which no value stands for: a cut may part the nodes."""
    assert base.foreign is not None
    found: dict[str, TypeProto] = {}
    for node in base.graph.order:
        unbound = [name for name in node.outputs if name and base.values.get(name) is None]
        if unbound and not all(_is_constant(base, name) or name in base.foreign for name in unbound):
            known = output_types(base, node)
            found |= {name: known[name] for name in unbound if name in known and name not in base.foreign}
            base.foreign.update(found)
    return found


def _no_host(base: Lowering, node: Node) -> bool:
    """Whether ``node`` is unsupported on the host, too."""
    verdict = base.verdicts[node.index]
    if verdict.fate is not Fate.UNSUPPORTED:
        return False
    return verdict.refused or node.domain not in DOMAINS or node.op in _RANDOM


def _nothing_left(base: Lowering, source: Source, report: CheckReport) -> InputError:
    if base.input_problems:
        return base.input_problems[0]
    first = report.unsupported[0]
    return InputError(
        f"{source.label}: a cut would leave nothing for the overlay, since no convolution can run on it; the first "
        f"node that cannot is {first.node!r} ({first.op_type}): {first.reason}. {first.remedy}; or run the model in "
        "onnxruntime as it is"
    )


def _refused(report: CheckReport, base: Lowering, unsupported: Mapping[int, Verdict]) -> CheckReport:
    """The report with what a cut has shown."""
    nodes = list(report.nodes)
    for index, verdict in unsupported.items():
        node = base.graph.nodes[index]
        nodes[index] = NodeFate(node.name, qualified(node), verdict.fate, "", verdict.reason, verdict.remedy)
    return replace(report, nodes=tuple(nodes))


def _first_host(base: Lowering) -> set[int]:
    """The nodes that the overlay cannot take, and those of our own layers of the host."""
    host = set()
    for node in base.graph.order:
        verdict = base.verdicts[node.index]
        spec = verdict.draft.spec if verdict.draft is not None and verdict.fate is Fate.HOST else None
        own = isinstance(spec, HostSpec) and spec.op in ("softmax", "log_softmax")
        if own or verdict.fate is Fate.UNSUPPORTED:
            host.add(node.index)
    return host


def _is_constant(base: Lowering, name: str) -> bool:
    return not name or name in base.constants or name in base.graph.initialisers


def _pieces(base: Lowering) -> list[Piece]:
    macs: dict[int, int] = defaultdict(int)
    for draft in base.layers:
        maker, spec = base.makers.get(id(draft)), draft.spec
        if maker is None or not isinstance(spec, ConvSpec):
            continue
        if spec.groups == spec.weights.shape[0] and spec.window.kernel == (1, 1):
            continue  # only scales, shifts or pads
        macs[maker.index] += draft.output.shape.elements * int(np.prod(spec.weights.shape[1:]))
    return [
        Piece(
            node.index,
            tuple(dict.fromkeys(name for name in node.reads if not _is_constant(base, name))),
            tuple(name for name in node.outputs if name),
            macs[node.index],
            view=node.op in _VIEWS and not node.domain,
            scales=node.op in ("QuantizeLinear", "DequantizeLinear"),
        )
        for node in base.graph.order
        if not all(_is_constant(base, name) for name in node.outputs)
    ]


def _groups(base: Lowering, pieces: Pieces, host: Set[int]) -> list[_Group]:
    levels = pieces.levels(host)
    by_level: dict[int, list[Piece]] = defaultdict(list)
    level_of: dict[str, int] = {}
    readers: dict[str, set[int]] = defaultdict(set)
    for piece in pieces.pieces:
        level = levels[piece.index]
        by_level[level].append(piece)
        level_of.update(dict.fromkeys(piece.writes, level))
        for name in piece.reads:
            readers[name].add(level)
    outputs = set(base.graph.outputs)
    groups = []
    for level, members in sorted(by_level.items()):
        reads = dict.fromkeys(name for piece in members for name in piece.reads if level_of.get(name) != level)
        writes = [
            name
            for piece in members
            for name in piece.writes
            if name in outputs or any(reader != level for reader in readers[name])
        ]
        nodes = tuple(base.graph.nodes[piece.index] for piece in members)
        groups.append(_Group(nodes, level % 2 == 0, tuple(reads), tuple(writes)))
    return groups


def _element_type(base: Lowering, name: str) -> int:
    """The type of an activation: what its integers are, or its own, or float."""
    bound = base.values.get(name)
    if isinstance(bound, Value) and bound.integer is not None:
        return int(TensorProto.INT8 if bound.integer.signed else TensorProto.UINT8)
    return base.types.of(name) or int(TensorProto.FLOAT)


def _type(base: Lowering, name: str) -> TypeProto:
    bound = base.values.get(name)
    if isinstance(bound, (Value, Transposed)):
        return helper.make_tensor_type_proto(_element_type(base, name), bound.shape)
    assert base.foreign is not None
    known = base.foreign.get(name)
    if known is None:
        raise InputError(
            f"{base.graph.label}: the type of {name!r}, which one part of the model gives to another, is not known; "
            "run onnx.shape_inference on the model, or export it again"
        )
    return known


def _lowered(base: Lowering, group: _Group) -> LoweredPart:
    """What the importer makes of a part, by itself."""
    kinds = {name: _element_type(base, name) for name in group.reads}
    kinds |= {
        name: kind if (kind := base.graph.element_types.get(name, base.types.of(name))) in REAL_TYPES else 0
        for name in group.writes
    }
    ends = Ends(group.reads, group.writes, kinds, tuple(base.constants))
    graph = Graph(base.graph.proto, [node.proto for node in group.nodes], base.graph.label, ends)
    lowering = Lowering(graph, base.evaluator, base.constants, base.refused_functions, may_branch=False, host=True)
    for name in graph.inputs:
        bound = base.values[name]
        assert isinstance(bound, (Value, Transposed)), f"the overlay reads {name!r}, which it cannot"
        bind_tensor(lowering, name, kinds[name], bound.shape[1:])
    settle_integer_inputs(lowering)
    lower_nodes(lowering, graph.order)
    names, layers = settled_layers(lowering)
    return LoweredPart(group.nodes, lowering, names, layers)


def _whole(base: Lowering, source: Source, groups: Sequence[_Group], parts: Sequence[LoweredPart]) -> Cut:
    networks = [network_of(part.lowering, source.name, source.sha256, part.layers) for part in parts]
    network, overlay_parts = united(networks, parts)
    left, numbers = iter(overlay_parts), itertools.count(1)
    steps: list[Step] = [
        _segment(base, source, group, next(numbers)) if group.on_host else next(left) for group in groups
    ]
    whole = Whole(tuple(steps), _inputs(base), _outputs(source))
    on_host = sum(len(segment.nodes) for segment in whole.segments)
    notice = (
        f"the host runs {on_host} of the model's nodes in onnxruntime, in {len(whole.segments)} "
        f"part{'s' if len(whole.segments) > 1 else ''}; its time is not in the latency"
    )
    notices = tuple(dict.fromkeys((*base.notices, *network.notices, notice)))
    fates = _fates(base, parts, overlay_parts, whole)
    return Cut(CheckReport(source.label, fates, notices, whole), replace(network, notices=notices, whole=whole))


def _segment(base: Lowering, source: Source, group: _Group, number: int) -> HostSegment:
    inputs = [(name, _type(base, name)) for name in group.reads]
    model = submodel(base, group.nodes, inputs, group.writes, source.model)
    return HostSegment(f"host {number}", tuple(node.name for node in group.nodes), group.reads, group.writes, model)


def _inputs(base: Lowering) -> tuple[ModelPort, ...]:
    return tuple(_port(name, _type(base, name)) for name in base.graph.inputs)


def _outputs(source: Source) -> tuple[ModelPort, ...]:
    return tuple(_port(value.name, at_batch_1(value.type)) for value in source.model.graph.output)


def _port(name: str, kind: TypeProto) -> ModelPort:
    tensor = kind.tensor_type
    shape = tuple(size.dim_value if size.dim_value > 0 else None for size in tensor.shape.dim)
    return ModelPort(name, tensor.elem_type, shape if tensor.HasField("shape") else None)


def _fates(
    base: Lowering, parts: Sequence[LoweredPart], overlay_parts: Sequence[OverlayPart], whole: Whole
) -> tuple[NodeFate, ...]:
    """The fate of every node of the model, in its order."""
    known: dict[int, NodeFate] = {}
    for part, united_part in zip(parts, overlay_parts, strict=True):
        final = dict(zip((layer.name for layer in part.layers), united_part.layers, strict=True))
        for node in part.lowering.graph.nodes:
            verdict = part.lowering.verdicts[node.index]
            into = final.get(part.names.get(id(verdict.draft), ""), "")
            known[part.originals[node.index].index] = NodeFate(
                node.name, qualified(node), verdict.fate, into, verdict.reason, verdict.remedy
            )
    segment_of = {name: segment.name for segment in whole.segments for name in segment.nodes}
    fates = []
    for node in base.graph.nodes:
        judged = base.verdicts.get(node.index)
        fate = known.get(node.index)
        if fate is None and node.name in segment_of and judged is not None:
            own = judged.fate is Fate.UNSUPPORTED
            reason = judged.reason if own else "beside nodes of the host"
            fate = NodeFate(node.name, qualified(node), Fate.HOST, segment_of[node.name], reason)
        if fate is None:
            reason = "its result is not used" if judged is None else judged.reason or "constant, computed at import"
            fate = NodeFate(node.name, qualified(node), Fate.FOLDED, "", reason)
        fates.append(fate)
    return tuple(fates)
