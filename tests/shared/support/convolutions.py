"""Hypothesis strategies: convolutions, machines, buffers and arrays of every kind, small enough for plain Python."""

from __future__ import annotations

from hypothesis import strategies as st

from dynamap.cost.convolution import ConvShape
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.transfer import Format

ANY_FORMAT_IN = (Format.C16, Format.HWC, Format.TOEPLITZ)


@st.composite
def shapes(draw: st.DrawFn) -> ConvShape:
    """Kernels 1 to 7, strides, dilations, groups, odd sizes."""
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
    crossings=st.integers(0, 3),
)

buffer_sizes = st.builds(
    Buffers,
    input_buffer=st.sampled_from([1 << k for k in range(12, 23)]),
    weight_buffer=st.sampled_from([1 << k for k in range(12, 24)]),
    accumulator_rows=st.sampled_from([64, 256, 1024, 4096]),
    row_buffer=st.sampled_from([128, 1024, 8192]),
)

sides = st.one_of(st.integers(1, 24), st.sampled_from([32, 49, 64, 100, 131, 300]))
