"""The published cost model on a network: costs of its layers and transfers for many arrays, in picoseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from dynamap.cost import paper
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.convolution import ConvShape
from dynamap.cost.errors import InfeasibleError
from dynamap.planner.mapping.overlay_costs import Restriction
from dynamap.planner.network.network import Conv, Network
from dynamap.planner.network.work import conv_shape
from dynamap.planner.paper.graph import build_graph
from dynamap.planner.pbqp.problem import CostArray, Edge, Problem

_ARRAYS_AT_ONCE = 1 << 14
"""Arrays per step of the bounds: the intermediate results stay in the processor's cache."""


@dataclass(frozen=True)
class Job:
    """What a convolution may use on what shape; layers that ask the same are one job, costed once."""

    shape: ConvShape
    algorithms: tuple[Algorithm, ...]
    dataflows: tuple[Dataflow, ...]


class PaperCosts:
    """The costs of a network at one clock and bandwidth, on any array.

    ``graph`` is the mapping problem's; ``jobs[v]`` is the job of vertex v, None for joins and storages.
    ``algorithms`` and ``dataflows`` of each convolution are those of its restriction that apply to it.
    """

    def __init__(
        self,
        network: Network,
        restrictions: Mapping[str, Restriction],
        clock_khz: int,
        bandwidth_bytes_per_ms: int,
    ) -> None:
        self.clock_khz = clock_khz
        self.bandwidth_bytes_per_ms = bandwidth_bytes_per_ms
        by_layer = {
            layer.name: job_of(layer, network, restrictions.get(layer.name, Restriction()))
            for layer in network.layers
            if isinstance(layer, Conv)
        }
        self.graph = build_graph(network, {name: job.algorithms for name, job in by_layer.items()})
        self.jobs = tuple(
            by_layer[vertex.layer.name] if isinstance(vertex.layer, Conv) else None for vertex in self.graph.vertices
        )
        self._edges = cache(self._edges_of)

    def option_ps(self, job: Job, algorithm: Algorithm, dataflow: Dataflow, rows: int, columns: int) -> int:
        """The cost of a layer with one algorithm and dataflow on one array."""
        return paper.node_cost_ps(
            job.shape, algorithm, dataflow, rows, columns, self.clock_khz, self.bandwidth_bytes_per_ms
        )

    def layer_minima_ps(self, rows: CostArray, columns: CostArray) -> CostArray:
        """Per array: the sum over all layers of the least cost of each, whatever its neighbours do."""
        counts: dict[Job, int] = {}
        for job in self.jobs:
            if job is not None:
                counts[job] = counts.get(job, 0) + 1
        totals = np.zeros(len(rows), np.int64)
        for start in range(0, len(rows), _ARRAYS_AT_ONCE):
            part = slice(start, start + _ARRAYS_AT_ONCE)
            for job, count in counts.items():
                totals[part] += count * self.vectors_ps(job, rows[part], columns[part]).min(axis=0)
        return totals

    def vectors_ps(self, job: Job, rows: CostArray, columns: CostArray) -> CostArray:
        """Costs per (algorithm of the job, array), with the cheapest dataflow for each."""
        rates = self.clock_khz, self.bandwidth_bytes_per_ms
        return np.stack(
            [
                np.minimum.reduce([paper.node_costs_ps(job.shape, a, d, rows, columns, *rates) for d in job.dataflows])
                for a in job.algorithms
            ]
        )

    def bounds_ps(self, rows: CostArray, columns: CostArray) -> CostArray:
        """Per array, no mapping costs less: the layers' minima and every transfer at its least."""
        hidden = self._hidden(rows, columns)
        least = [sum(int(edge.costs.min()) for edge in self._edges(state)) for state in (False, True)]
        bounds: CostArray = self.layer_minima_ps(rows, columns) + np.where(hidden, least[1], least[0])
        return bounds

    def problem(self, rows: int, columns: int) -> Problem:
        """The mapping problem on one array: its vertices and edges are those of ``graph``, in that order."""
        one = np.array([rows]), np.array([columns])
        by_job = {job: self.vectors_ps(job, *one)[:, 0] for job in dict.fromkeys(self.jobs) if job is not None}
        vectors = tuple(
            np.zeros(len(vertex.choices), np.int64) if job is None else by_job[job]
            for vertex, job in zip(self.graph.vertices, self.jobs, strict=True)
        )
        return Problem(vectors, self._edges(bool(self._hidden(*one)[0])))

    def _hidden(self, rows: CostArray, columns: CostArray) -> npt.NDArray[np.bool_]:
        return np.asarray(paper.load_is_hidden(rows, columns, self.clock_khz, self.bandwidth_bytes_per_ms))

    def _edges_of(self, hidden: bool) -> tuple[Edge, ...]:
        vertices = self.graph.vertices
        return tuple(
            Edge(
                transfer.first,
                transfer.second,
                np.array(
                    [
                        [
                            paper.edge_cost_ps(
                                transfer.tensor,
                                producer.algorithm,
                                consumer.algorithm,
                                consumer.kernel,
                                self.bandwidth_bytes_per_ms,
                                hidden=hidden,
                            )
                            for consumer in vertices[transfer.second].choices
                        ]
                        for producer in vertices[transfer.first].choices
                    ],
                    np.int64,
                ),
            )
            for transfer in self.graph.transfers
        )


def job_of(layer: Conv, network: Network, restriction: Restriction) -> Job:
    """What a convolution may use in the published model under a restriction.

    Raises:
        InfeasibleError: nothing is left of its algorithms.
    """
    shape = conv_shape(layer, network)
    applicable = paper.applicable(shape)
    algorithms = tuple(a for a in applicable if a in restriction.algorithms)
    dataflows = tuple(d for d in Dataflow if d in restriction.dataflows)
    if not algorithms or not dataflows:
        raise InfeasibleError(
            f"layer {layer.name!r} can use {', '.join(a.value for a in applicable)} in the paper's model and "
            f"the request leaves it {', '.join(a.value for a in restriction.algorithms) or 'no algorithm'} with "
            f"{', '.join(d.value for d in restriction.dataflows) or 'no dataflow'}; "
            "add one that it can use to --algorithms or --dataflows, or change its --pin"
        )
    return Job(shape, algorithms, dataflows)
