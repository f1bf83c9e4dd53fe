"""Lower bounds are lower: than every case's exact time, for every array of a box, whatever the buffers."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamap.cost.convolution import ConvShape
from dynamap.cost.overlay.bounding.bound_parts import parts_of
from dynamap.cost.overlay.bounding.bounds import NEVER, Sides, group_bounds, summary, summary_bounds
from dynamap.cost.overlay.bounding.case_table import CaseTable, Points
from dynamap.cost.overlay.bounding.screening import Demands, screened
from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.options import LayerOptions
from dynamap.cost.overlay.timing import INFEASIBLE, evaluate
from support.convolutions import ANY_FORMAT_IN, buffer_sizes, machines, shapes, sides


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shapes(), machines, buffer_sizes, sides, sides, st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_no_case_is_faster_than_its_bounds(
    shape: ConvShape,
    machine: Machine,
    buffers: Buffers,
    rows: int,
    columns: int,
    more_rows: int,
    more_columns: int,
    dense: bool,
) -> None:
    table = CaseTable.of(machine, [LayerOptions(shape, formats_in=ANY_FORMAT_IN, dense=dense)])
    size = len(table.cases.variant)
    points = Points.of(np.full(size, rows), np.full(size, columns), [buffers] * size)
    times = evaluate(table, np.arange(size), points, np.full(size, INFEASIBLE))
    feasible = times.cycles < INFEASIBLE
    assert (times.bound[feasible] <= times.cycles[feasible]).all()

    fine, fine_group_of_case = parts_of(table, coarse=False)
    parts, group_of_case = parts_of(table, coarse=True)
    groups = int(group_of_case.max()) + 1
    here = Sides.of(np.array([rows])), Sides.of(np.array([columns]))
    bound = group_bounds(parts, groups, *here)[0]
    exact = np.full(groups, INFEASIBLE)
    np.minimum.at(exact, group_of_case, times.cycles)
    wrong = np.flatnonzero(bound > exact)
    assert not len(wrong), [(np.flatnonzero(group_of_case == g)[0], bound[g], exact[g]) for g in wrong[:3]]
    fine_groups = int(fine_group_of_case.max()) + 1
    fine_bound = group_bounds(fine, fine_groups, *here)[0]
    wrong = np.flatnonzero(fine_bound[fine_group_of_case] > times.cycles)
    assert not len(wrong), [(i, fine_bound[fine_group_of_case[i]], times.cycles[i]) for i in wrong[:3]]
    moving = np.empty(fine_groups, np.int64)
    for part in fine:
        moving[part.group] = part.paths.moving * part.copies
    in_buffers = screened(table, np.arange(size), points, fine_bound[fine_group_of_case], moving[fine_group_of_case])
    assert ((in_buffers >= NEVER) == ~feasible).all()
    demands = Demands.of(table, np.arange(size), moving[fine_group_of_case])
    near = Sides(np.array([max(1, columns - more_columns), columns]), np.array([columns + more_columns, columns]))
    thin = group_bounds(parts_of(table, coarse=True, thin=True)[0], groups, *here)[0]
    thin = np.where(thin < NEVER, thin, 0)[group_of_case]
    share = demands.share(buffers)
    assert (times.units == table.units[table.cases.variant])[feasible & share.whole].all()
    whole = group_bounds(parts_of(table, coarse=False, whole=True)[0], fine_groups, *here)[0]
    fine_bound = share.bounds(fine_bound[fine_group_of_case], whole[fine_group_of_case])
    for beside in (None, demands.beside(near)):
        raised = demands.added(share, beside).to(fine_bound, thin)
        wrong = np.argwhere(feasible & (raised > times.cycles))
        assert not len(wrong), (wrong[:3], raised[..., wrong[:3, -1]], times.cycles[wrong[:3, -1]])
    wrong = np.flatnonzero(feasible & (in_buffers > times.cycles))
    assert not len(wrong), [(i, in_buffers[i], times.cycles[i]) for i in wrong[:3]]
    assert summary_bounds(summary(parts), 1, *here)[0, 0] <= exact.min()

    # Boxes: below every array in them, so below this one in any corner of a larger box.
    low_rows, low_columns = max(1, rows - more_rows), max(1, columns - more_columns)
    box = (
        Sides(np.array([low_rows, rows]), np.array([rows, rows + more_rows])),
        Sides(np.array([low_columns, columns]), np.array([columns, columns + more_columns])),
    )
    assert (group_bounds(parts, groups, *box) <= exact).all()
    assert (summary_bounds(summary(parts), 1, *box)[:, 0] <= exact.min()).all()
