"""What became of every node of an ONNX model: the answer of ``dynamap check``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dynamap.planner.network.whole import Whole


class Fate(Enum):
    """Where a node of the model ends up."""

    OVERLAY = "overlay"  # it is a layer that the overlay executes
    FOLDED = "folded"  # it is part of another layer, or it is computed at import
    HOST = "host"  # the host computes it after the overlay has finished
    UNSUPPORTED = "unsupported"  # it cannot be executed; reason and remedy say why and what to do


@dataclass(frozen=True)
class NodeFate:
    """One node: ``node`` is its name, or its first output's where it has none.

    ``into`` is the layer that it became or was folded into, and is empty where there is none.
    """

    node: str
    op_type: str
    fate: Fate
    into: str = ""
    reason: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class CheckReport:
    """The fates of all nodes, in the order of the file, and what the user should know besides."""

    model: str
    nodes: tuple[NodeFate, ...]
    notices: tuple[str, ...] = ()
    whole: Whole | None = None
    """The steps of a model of which the host runs parts."""

    @property
    def unsupported(self) -> tuple[NodeFate, ...]:
        return tuple(node for node in self.nodes if node.fate is Fate.UNSUPPORTED)

    @property
    def supported(self) -> bool:
        return not self.unsupported

    def count(self, fate: Fate) -> int:
        return sum(node.fate is fate for node in self.nodes)


def refusal(report: CheckReport) -> str:
    """One message that lists every unsupported node of ``report`` with its reason and remedy."""
    nodes = report.unsupported
    heading = f"{report.model}: {len(nodes)} of {len(report.nodes)} nodes cannot be executed"
    lines = [f"  {node.node!r} ({node.op_type}): {node.reason}. {node.remedy}" for node in nodes]
    return "\n".join([heading, *lines])
