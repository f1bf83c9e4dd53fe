"""A PBQP as rows and columns: the formulation over the local polytope.

One binary column per choice and one column in [0, 1] per pair of choices on an edge. A vertex takes one
choice; on an edge, the pairs with a given choice at one end add up to that choice's column::

    sum_i x[v, i] = 1            sum_j y[e, i, j] = x[u, i]            sum_i y[e, i, j] = x[v, j]

Its relaxation is exact on trees, and the tightest that looks at one edge at a time. (The textbook
linearisation y >= x + x' - 1 has relaxation value zero on most problems.) With binary x every y is 0 or 1 by
itself. Source: Koster, van Hoesel, Kolen, "The partial constraint satisfaction problem", ORL 1998.
"""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.planner.pbqp.problem import Problem
from dynamap.planner.solvers.integer.linear_model import LinearModel


@dataclass(frozen=True)
class PbqpColumns:
    """Where a PBQP stands in a model.

    ``choices[v][i]`` is the column of choice i of vertex v. ``first_rows[e][i]`` and ``second_rows[e][j]``
    are the rows that tie edge e's pairs to the choices of its first and of its second vertex.
    """

    choices: tuple[range, ...]
    pairs: tuple[range, ...]
    first_rows: tuple[range, ...]
    second_rows: tuple[range, ...]


def add_pbqp(
    model: LinearModel,
    problem: Problem,
    *,
    scale: float = 1.0,
    selector: int | None = None,
    integer: bool = True,
) -> PbqpColumns:
    """Add a PBQP to a model, with all its costs divided by ``scale``.

    Where ``selector`` is the number of a binary column, the PBQP counts only if that column is one: all
    its columns are zero otherwise. Several PBQPs of which one is chosen, such as one per candidate
    overlay, are so put into one model. ``integer=False`` adds the relaxation.
    """
    choices = []
    for vector in problem.vectors:
        columns = model.add_columns((vector / scale).tolist(), integer=integer)
        if selector is None:
            model.add_row(columns, [1.0] * len(columns), 1.0, 1.0)
        else:
            model.add_row([*columns, selector], [1.0] * len(columns) + [-1.0], 0.0, 0.0)
        choices.append(columns)
    pairs, first_rows, second_rows = [], [], []
    for edge in problem.edges:
        rows, width = edge.costs.shape
        columns = model.add_columns((edge.costs / scale).ravel().tolist(), integer=False)
        start = len(model.rows)
        for choice, column in enumerate(choices[edge.first]):
            row = columns[choice * width : (choice + 1) * width]
            model.add_row([*row, column], [1.0] * width + [-1.0], 0.0, 0.0)
        middle = len(model.rows)
        for choice, column in enumerate(choices[edge.second]):
            model.add_row([*columns[choice::width], column], [1.0] * rows + [-1.0], 0.0, 0.0)
        pairs.append(columns)
        first_rows.append(range(start, middle))
        second_rows.append(range(middle, len(model.rows)))
    return PbqpColumns(tuple(choices), tuple(pairs), tuple(first_rows), tuple(second_rows))


def exclude(model: LinearModel, columns: PbqpColumns, assignment: tuple[int, ...]) -> None:
    """Forbid one assignment, so that the next solution is another one."""
    chosen = [row[choice] for row, choice in zip(columns.choices, assignment, strict=True)]
    model.add_row(chosen, [1.0] * len(chosen), 0.0, len(chosen) - 1.0)
