"""If nodes whose condition is known at import: the branch that is taken stands in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx

from dynamap.planner.importer.drafts import Unsupported
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.nesting.inlining import Inliner


def check_branch(node: Node, taken: bool) -> None:
    """Raises Unsupported where the branch that an If takes cannot stand in its place."""
    branch = node.graph(_name(taken))
    if branch.input or branch.sparse_initializer:
        raise Unsupported("its branch has inputs or sparse constants", "export the model again")
    if len(branch.output) != len(node.outputs):
        raise Unsupported(
            f"its branch has {len(branch.output)} outputs where it has {len(node.outputs)}", "export the model again"
        )


def take_branches(nodes: Sequence[Node], taken: Mapping[int, bool], inliner: Inliner) -> list[onnx.NodeProto]:
    """All nodes, with the branches that ``taken`` says (by the index of the If) in the place of their Ifs.

    Raises:
        InputError: they grow beyond the limits.
    """
    result: list[onnx.NodeProto] = []
    for node in nodes:
        if node.index not in taken:
            result.append(node.proto)
            continue
        branch = node.graph(_name(taken[node.index]))
        inliner.pay(len(branch.node), branch.ByteSize(), "its branches")
        outputs = [(value.name, outer) for value, outer in zip(branch.output, node.outputs, strict=True)]
        result.extend(inliner.copy(branch.node, branch.initializer, {}, outputs, node.name))
    return result


def _name(taken: bool) -> str:
    return "then_branch" if taken else "else_branch"
