"""Exact dynamic programming over an elimination order, for graphs of any width.

Each vertex has a bucket of tables over itself and later vertices. Eliminating it adds them up and takes
the least over its choices: one table over its later neighbours, which goes into the bucket of the
first of these. Memory is the sum of the tables, d^(width) entries at most each, and known beforehand.
Source: Dechter, "Bucket elimination", Artificial Intelligence 113, 1999.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dynamap.planner.pbqp.elimination import Elimination
from dynamap.planner.pbqp.problem import CostArray

_JOIN_AT_ONCE = 1 << 15
"""Up to this many entries a bucket is joined in one table; beyond, choice by choice, to save memory."""

MAX_SCOPE = 30
"""Numpy's own limit on axes is 32 in its older releases; 2^30 entries pass any memory limit before."""

_BYTES = 8


@dataclass(frozen=True)
class TableCost:
    """What an elimination needs: ``largest_entries`` of one table, ``total_bytes`` of all of them."""

    largest_entries: int
    largest_scope: int
    total_bytes: int


def table_cost(elimination: Elimination, sizes: Mapping[int, int]) -> TableCost:
    """The memory that ``eliminate`` will take: every table, and two more of the largest while it works."""
    entries = elimination.table_entries(sizes)
    largest = max(entries, default=1)
    scope = max((len(scope) for scope in elimination.scopes), default=0)
    return TableCost(largest, scope, _BYTES * (sum(entries) + 2 * max(largest, _JOIN_AT_ONCE)))


@dataclass(frozen=True)
class Factor:
    """A table over the vertices in ``scope``, one axis each, in the order of their elimination."""

    scope: tuple[int, ...]
    table: CostArray


class OutOfTime(Exception):
    """The deadline passed between two tables."""


def eliminate(
    vectors: Mapping[int, CostArray],
    graph: Mapping[int, Mapping[int, CostArray]],
    elimination: Elimination,
    expired: Callable[[], bool],
) -> tuple[int, dict[int, int]]:
    """The least cost over the vertices of ``graph`` and the choices that reach it.

    Raises OutOfTime when ``expired()`` before the last table is filled.
    """
    turn = {u: index for index, u in enumerate(elimination.order)}
    buckets: dict[int, list[Factor]] = {u: [Factor((u,), vectors[u])] for u in elimination.order}
    for u, around in graph.items():
        for v, matrix in around.items():
            if turn[u] < turn[v]:
                buckets[u].append(Factor((u, v), matrix))
    constant = 0
    for u, scope in zip(elimination.order, elimination.scopes, strict=True):
        if expired():
            raise OutOfTime
        table = _least_over_first(buckets[u], (u, *scope), vectors[u].size, vectors, expired)
        if scope:
            buckets[scope[0]].append(Factor(scope, table))
        else:
            constant += int(table)
    return constant, _choices(elimination.order, buckets)


def _least_over_first(
    bucket: Sequence[Factor],
    axes: tuple[int, ...],
    choices: int,
    vectors: Mapping[int, CostArray],
    expired: Callable[[], bool],
) -> CostArray:
    """The bucket's factors added up over ``axes``, least over the first axis."""
    shape = tuple(vectors[v].size for v in axes)
    views = sorted((_aligned(factor, axes) for factor in bucket), key=lambda view: view.size)
    if math.prod(shape) <= _JOIN_AT_ONCE:
        return np.asarray(np.minimum.reduce(np.broadcast_to(_sum(views), shape)), dtype=np.int64)
    best = np.empty(shape[1:], dtype=np.int64)
    work = np.empty(shape[1:], dtype=np.int64)
    for choice in range(choices):
        if expired():
            raise OutOfTime
        target = best if choice == 0 else work
        *small, largest = [view[choice] for view in views]
        np.add(_sum(small), largest, out=target) if small else np.copyto(target, largest)
        if choice:
            np.minimum(best, work, out=best)
    return best


def _sum(views: Sequence[CostArray]) -> CostArray:
    """The views added up, small ones first, so that most additions are small."""
    total = views[0]
    for view in views[1:]:
        total = total + view
    return total


def _aligned(factor: Factor, axes: tuple[int, ...]) -> CostArray:
    """The factor's table with one axis per vertex in ``axes``, of length 1 where it does not depend on it."""
    inside = set(factor.scope)
    return factor.table[tuple(slice(None) if v in inside else None for v in axes)]


def _choices(order: Sequence[int], buckets: Mapping[int, Sequence[Factor]]) -> dict[int, int]:
    """From the last eliminated to the first: the cheapest choice, given all later ones."""
    chosen: dict[int, int] = {}
    for u in reversed(order):
        rows: list[CostArray] = []
        for factor in buckets[u]:
            later: tuple[slice | int, ...] = tuple(chosen[v] for v in factor.scope[1:])
            rows.append(factor.table[(slice(None), *later)])
        chosen[u] = int(_sum(rows).argmin())
    return chosen
