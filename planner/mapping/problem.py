"""The mapping problem: one format per storage, so that the cycles of all layers add up to the least.

A vertex is a storage (its choices: the formats of ``Storages.formats``), an edge is a layer that reads one
storage and writes another; a layer that reads and writes the same storage costs its vertex. Unit: cycles.
Source: DYNAMAP (FPGA 2021), section on the mapping problem; vertices per storage, not per layer, are ours.
"""

from __future__ import annotations

import numpy as np

from dynamap.cost.overlay.options import FORMATS
from dynamap.cost.overlay.timing import INFEASIBLE
from dynamap.cost.overlay.transfer import Format, Ints
from dynamap.planner.mapping.storage import Storages
from dynamap.planner.pbqp.problem import Edge, Problem


def prohibitive_cycles(layer_costs: Ints) -> int:
    """More cycles than any feasible mapping takes: what an infeasible pair of formats costs in the problem.

    An assignment costs less exactly when every one of its pairs is feasible.
    """
    feasible = np.where(layer_costs < INFEASIBLE, layer_costs, 0)
    return int(feasible.max(axis=(1, 2), initial=0).sum()) + 1


def mapping_problem(storages: Storages, layer_costs: Ints) -> Problem:
    """The PBQP of least cycles per layer, format in and format out.

    ``layer_costs`` has shape (executed layers, formats, formats), in the order of ``FORMATS``;
    INFEASIBLE pairs become ``prohibitive_cycles(layer_costs)``.
    """
    costs = np.where(layer_costs < INFEASIBLE, layer_costs, prohibitive_cycles(layer_costs))
    codes = [np.array([FORMATS.index(f) for f in formats]) for formats in storages.formats]
    vectors = [np.zeros(len(formats), np.int64) for formats in storages.formats]
    edges = []
    for layer, table in zip(storages.executed, costs, strict=True):
        first, second = storages.vertex[layer.inputs[0]], storages.vertex[layer.output]
        if first == second:
            vectors[first] += table[codes[first], codes[first]]
        else:
            edges.append(Edge(first, second, table[np.ix_(codes[first], codes[second])]))
    return Problem(tuple(vectors), tuple(edges))


def chosen_formats(storages: Storages, assignment: tuple[int, ...]) -> tuple[Format, ...]:
    """The format of each vertex in an assignment of ``mapping_problem``."""
    return tuple(formats[choice] for formats, choice in zip(storages.formats, assignment, strict=True))
