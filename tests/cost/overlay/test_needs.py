"""Buffers larger than layers can use change nothing: no blocks, no cycles, nothing that fits."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings

from dynamap.cost.convolution import ConvShape
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.bounding.case_table import CaseTable, Points
from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.needs import Needs
from dynamap.cost.overlay.options import LayerOptions
from dynamap.cost.overlay.timing import INFEASIBLE, Times, evaluate
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.models import resolve
from support.convolutions import ANY_FORMAT_IN, buffer_sizes, machines, shapes, sides

ONE_PORT = Machine(16, 300_000, 900_000, 0, 0, packing=1)
SMALL = Buffers(4096, 4096, 64, 128)
ONE_MORE = ConvShape(TensorShape(1, 1, 1), 17, Window((1, 1)))
"""A channel more than a unit: in an array of one column, a block of whole units has all but one."""


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shapes(), machines, buffer_sizes, buffer_sizes, sides, sides)
@example(ONE_MORE, ONE_PORT, SMALL, SMALL, 1, 1)
def test_convolutions_take_the_same_cycles(
    shape: ConvShape, machine: Machine, buffers: Buffers, others: Buffers, rows: int, columns: int
) -> None:
    table = CaseTable.of(machine, [LayerOptions(shape, formats_in=ANY_FORMAT_IN)])
    used = buffers.at_most(Needs.of(table, Buffers.covering([buffers, others])).beside(columns))
    whole, part = (_times(table, rows, columns, some) for some in (buffers, used))
    np.testing.assert_array_equal(whole.cycles, part.cycles)
    fits = whole.cycles < INFEASIBLE
    for column in fields(Times):
        np.testing.assert_array_equal(getattr(whole, column.name)[fits], getattr(part, column.name)[fits])


def _times(table: CaseTable, rows: int, columns: int, buffers: Buffers) -> Times:
    size = len(table.cases.variant)
    points = Points.of(np.full(size, rows), np.full(size, columns), [buffers] * size)
    return evaluate(table, np.arange(size), points, np.full(size, INFEASIBLE))


@pytest.mark.parametrize("model", ["googlenet", "shufflenet"])
def test_vector_layers_take_the_same_cycles(model: str) -> None:
    network = resolve(model, weights=False)
    machine = Machine(64, 300_000, 19_200_000, 64, 64, packing=2, crossings=0)
    costs = LayerCosts(network, find_storages(network), machine, {})
    ceiling = Buffers(1 << 20, 1 << 20, 4096, 8192)
    most = costs.vectors_use(ceiling)
    assert most.at_most(ceiling) == most
    some = [Buffers(1 << size, 1 << (32 - size), 256, 512) for size in range(12, 21)]
    assert any(buffers.at_most(most) != buffers for buffers in some)
    for buffers in some:
        np.testing.assert_array_equal(costs.vector_costs(buffers), costs.vector_costs(buffers.at_most(most)))
