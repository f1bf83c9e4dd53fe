"""Convolution timing, vectorised, against the scalar reading of docs/overlay.md in ``overlay_reference``."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from overlay_reference import Case, convolution_totals

from dynamap.cost.convolution import ConvShape
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.case_table import CaseTable, Points
from dynamap.cost.overlay.machine import UNIT_BYTES, Buffers, Machine
from dynamap.cost.overlay.options import ALGORITHMS, DATAFLOWS, FORMATS, LayerOptions
from dynamap.cost.overlay.timing import INFEASIBLE, evaluate
from dynamap.cost.overlay.transfer import Format

ANY_FORMAT_IN = (Format.C16, Format.HWC, Format.TOEPLITZ)


@st.composite
def shapes(draw: st.DrawFn) -> ConvShape:
    """Kernels 1 to 7, strides, dilations, groups, odd sizes; small enough for plain Python."""
    kernel = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    stride = draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (3, 1), (1, 2), (4, 4)]))
    dilation = draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (1, 3), (2, 1)]))
    pads = tuple(draw(st.integers(0, 3)) for _ in range(4))
    window = Window(kernel, stride, pads, dilation)  # type: ignore[arg-type]
    height = draw(st.integers(1, 30))
    width = draw(st.integers(1, 30))
    height = max(height, window.extent[0] - pads[0] - pads[2])
    width = max(width, window.extent[1] - pads[1] - pads[3])
    groups = draw(st.sampled_from([1, 1, 1, 2, 3, 4, 8]))
    channels = draw(st.one_of(st.integers(1, 40), st.sampled_from([48, 96, 256, 512]))) * groups
    out_channels = draw(st.one_of(st.integers(1, 70), st.sampled_from([64, 192, 1000]))) * groups
    return ConvShape(TensorShape(channels, height, width), out_channels, window, groups)


machines = st.builds(
    Machine,
    word_bytes=st.sampled_from([16, 32, 64, 256]),
    clock_khz=st.just(300_000),
    bandwidth_bytes_per_ms=st.sampled_from([900_000, 19_200_000, 77_000_000]),
    read_latency=st.integers(0, 100),
    write_latency=st.integers(0, 100),
    packing=st.sampled_from([1, 2]),
)
buffer_sizes = st.builds(
    Buffers,
    input_bytes=st.sampled_from([1 << k for k in range(12, 23)]),
    weight_bytes=st.sampled_from([1 << k for k in range(12, 24)]),
    accumulator_rows=st.sampled_from([64, 256, 1024, 4096]),
    row_bytes=st.sampled_from([128, 1024, 8192]),
)
sides = st.one_of(st.integers(1, 24), st.sampled_from([32, 49, 64, 100, 131, 300]))


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
            buffers.input_bytes,
            buffers.weight_bytes,
            buffers.accumulator_rows,
            buffers.row_bytes,
        )
        expected = convolution_totals(reference)
        if expected is None:
            assert times.cycles[i] == INFEASIBLE, reference
            continue
        for name, value in vars(expected).items():
            assert getattr(times, name)[i] == value, (name, reference)
