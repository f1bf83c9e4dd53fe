"""Convolution timing, vectorised, against the scalar reading of docs/overlay.md in ``overlay_reference``."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dynamap.cost.convolution import ConvShape
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.bounding.case_table import CaseTable, Points
from dynamap.cost.overlay.machine import UNIT_BYTES, Buffers, Machine
from dynamap.cost.overlay.options import ALGORITHMS, DATAFLOWS, FORMATS, LayerOptions
from dynamap.cost.overlay.timing import INFEASIBLE, evaluate
from support.convolutions import ANY_FORMAT_IN, buffer_sizes, machines, shapes, sides
from support.overlay_reference import Case, convolution_totals

MANY_CHANNELS = ConvShape(
    input=TensorShape(channels=3, height=1, width=1),
    out_channels=3000,
    window=Window(kernel=(1, 1), stride=(1, 1), pads=(0, 0, 0, 0), dilation=(1, 1)),
    groups=3,
)
SLOW = Machine(
    word_bytes=16, clock_khz=300_000, bandwidth_bytes_per_ms=900_000, read_latency=0, write_latency=0, packing=1
)


@example(MANY_CHANNELS, SLOW, Buffers(16384, 262144, 256, 128), 1, 32, False, 0)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shapes(), machines, buffer_sizes, sides, sides, st.booleans(), st.integers(0, 2**32 - 1))
def test_every_case_is_timed_as_the_page_says(
    shape: ConvShape, machine: Machine, buffers: Buffers, rows: int, columns: int, dense: bool, seed: int
) -> None:
    options = LayerOptions(shape, formats_in=ANY_FORMAT_IN, dense=dense)
    table = CaseTable.of(machine, [options])
    variants, cases = table.variants, table.cases
    rng = np.random.default_rng(seed)
    index = rng.choice(len(cases.variant), min(25, len(cases.variant)), replace=False)
    size = len(index)
    points = Points.of(np.full(size, rows), np.full(size, columns), [buffers] * size)
    times = evaluate(table, index, points, np.full(size, INFEASIBLE))
    one, groups = shape.split_groups(UNIT_BYTES, dense=dense)
    for i, case in enumerate(index):
        variant = cases.variant[case]
        reference = Case(
            one.input.channels,
            one.input.height,
            one.input.width,
            one.output.channels,
            one.output.height,
            one.output.width,
            one.window.kernel,
            one.window.stride,
            one.window.dilation,
            groups,
            ALGORITHMS[variants.algorithm[variant]].value,
            int(variants.tile[variant]),
            DATAFLOWS[cases.dataflow[case]].value,
            FORMATS[cases.format_in[case]].value,
            FORMATS[cases.format_out[case]].value,
            int(cases.rows[case]),
            min(int(cases.tiles[case]), one.output.channels),
            rows,
            columns,
            machine.packing,
            machine.word_bytes,
            machine.clock_khz,
            machine.bandwidth_bytes_per_ms,
            machine.read_latency,
            machine.write_latency,
            buffers.input_buffer,
            buffers.weight_buffer,
            buffers.accumulator_rows,
            buffers.row_buffer,
            machine.crossings,
        )
        expected = convolution_totals(reference)
        if expected is None:
            assert times.cycles[i] == INFEASIBLE, reference
            continue
        for name, value in vars(expected).items():
            assert getattr(times, name)[i] == value, (name, reference)
