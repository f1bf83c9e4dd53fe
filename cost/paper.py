"""The published cost model, in picoseconds: the time of a layer and of moving a tensor between two layers.

Source: Meng, Kuppannagari, Kannan, Prasanna, "DYNAMAP", FPGA 2021 (arXiv 2012.00912), in the form of
the cost script that its authors published (github.com/CatherineMeng/DYNAMAP). docs/paper-model.md lists
the formulas, the script's defects, and what is done about each. Symbols of the paper:

    P1 x P2  rows x columns of the array       freq  ``clock_khz``, cycles per ms
    H1 H2    height and width of the input     bw    ``bandwidth_bytes_per_ms``
    O1 O2    height and width of the output    m, r  Winograd F(m x m, r x r), here m = 2, r = 3
    K1 K2    the kernel                        OS    the dataflow NS

A value is one byte. Every cost is computed exactly, as a rational number, and rounded once, half up, to
a whole picosecond: it is within 5e-10 ms of the formula. Costs are compared, summed and minimised as
these integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.convolution import ConvShape
from dynamap.cost.geometry import TensorShape, ceil_div

PS_PER_MS = 10**9
WINOGRAD_M = 2
WINOGRAD_R = 3

Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Work:
    """What a layer asks of the array: ``repeats`` products (a x b) . (b x c), and what surrounds them.

    ``a`` and ``repeats`` need not be whole: the model counts a / m^2 Winograd tiles and (K / r)^2
    rounds without rounding up. ``loaded_bytes`` is the traffic that the layer itself pays for.
    """

    a: Fraction
    b: int
    c: int
    repeats: Fraction
    overhead_cycles: Fraction = Fraction(0)
    loaded_bytes: int = 0

    def scaled(self, times: int) -> Work:
        """This work, so many times over."""
        return Work(
            self.a,
            self.b,
            self.c,
            self.repeats * times,
            self.overhead_cycles * times,
            self.loaded_bytes * times,
        )


def im2col_work(a: int, b: int, c: int) -> Work:
    """One product over the Toeplitz matrix, which is read (a b bytes) as well as the weights (b c bytes)."""
    return Work(Fraction(a), b, c, Fraction(1), loaded_bytes=a * b + b * c)


def kn2row_work(a: int, b: int, c: int, kernel: tuple[int, int]) -> Work:
    """K1 K2 unit convolutions."""
    return Work(Fraction(a), b, c, Fraction(kernel[0] * kernel[1]))


def winograd_work(a: int, b: int, c: int, kernel: int, m: int = WINOGRAD_M, r: int = WINOGRAD_R) -> Work:
    """(K / r)^2 rounds of (m + r - 1)^2 products over a / m^2 tiles, and a linear transform per round."""
    products = Fraction(kernel, r) ** 2 * (m + r - 1) ** 2
    return Work(Fraction(a, m * m), b, c, products, overhead_cycles=products * max(m, r))


def applicable(shape: ConvShape) -> tuple[Algorithm, ...]:
    """The algorithms that the model offers a layer, in the order of the paper.

    1 x 1 kernels: im2col (kn2row is the same product). Kernels that are not square, or 2 x 2: im2col
    or kn2row. Square kernels from 3 x 3 on: all three. The script looks no further; kn2row and
    Winograd are defined for stride 1, so a strided layer gets im2col alone here, a dilated one no
    Winograd, and a layer with a single output position (fully connected) im2col alone.
    """
    kernel = shape.window.kernel
    one_position = shape.output.height == shape.output.width == 1
    if kernel == (1, 1) or shape.window.stride != (1, 1) or one_position:
        return (Algorithm.IM2COL,)
    if kernel[0] != kernel[1] or kernel[0] == 2 or shape.window.dilation != (1, 1):
        return (Algorithm.IM2COL, Algorithm.KN2ROW)
    return (Algorithm.IM2COL, Algorithm.KN2ROW, Algorithm.WINOGRAD)


def work_of(shape: ConvShape, algorithm: Algorithm) -> Work:
    """The work of a layer: output positions for im2col and Winograd, input positions for kn2row.

    A grouped layer is its groups, one after the other (the paper has none).

    Raises:
        ValueError: the algorithm is not ``applicable`` to the layer.
    """
    if algorithm not in applicable(shape):
        raise ValueError(f"{algorithm.value} does not apply to {shape}")
    rows, columns = shape.window.kernel
    outputs = shape.output.height * shape.output.width
    c_in, c_out = shape.in_channels_per_group, shape.out_channels_per_group
    if algorithm is Algorithm.IM2COL:
        work = im2col_work(outputs, rows * columns * c_in, c_out)
    elif algorithm is Algorithm.KN2ROW:
        work = kn2row_work(shape.input.height * shape.input.width, c_in, c_out, shape.window.kernel)
    else:
        work = winograd_work(outputs, c_in, c_out, rows)
    return work.scaled(shape.groups)


def work_cycles(work: Work, dataflow: Dataflow, rows: int, columns: int) -> Fraction:
    """The cycles of the array, exactly; a fraction where the model does not round.

    >>> work_cycles(im2col_work(784, 192, 64), Dataflow.NS, 92, 64)  # ceil(784/92) ceil(64/64) 192
    Fraction(1728, 1)
    """
    a, b, c = work.a, work.b, work.c
    if dataflow is Dataflow.NS:
        cycles = _ceil(a / rows) * ceil_div(c, columns) * b * work.repeats
    elif dataflow is Dataflow.WS:
        cycles = ceil_div(b, rows) * ceil_div(c, columns) * a * work.repeats
    else:
        cycles = ceil_div(b, rows) * _ceil(a / columns) * c * work.repeats
    return cycles + work.overhead_cycles


def work_cost_ps(
    work: Work, dataflow: Dataflow, rows: int, columns: int, clock_khz: int, bandwidth_bytes_per_ms: int
) -> int:
    """Picoseconds for some work on a rows x columns array."""
    milliseconds = work_cycles(work, dataflow, rows, columns) / clock_khz
    milliseconds += Fraction(work.loaded_bytes, bandwidth_bytes_per_ms)
    return _picoseconds(milliseconds)


def node_cost_ps(
    shape: ConvShape,
    algorithm: Algorithm,
    dataflow: Dataflow,
    rows: int,
    columns: int,
    clock_khz: int,
    bandwidth_bytes_per_ms: int,
) -> int:
    """Picoseconds for a layer with an algorithm and a dataflow on a rows x columns array.

    Raises:
        ValueError: the algorithm is not ``applicable`` to the layer.
    """
    work = work_of(shape, algorithm)
    return work_cost_ps(work, dataflow, rows, columns, clock_khz, bandwidth_bytes_per_ms)


def node_cycles(
    shape: ConvShape, algorithm: Algorithm, dataflow: Dataflow, rows: Int64Array, columns: Int64Array
) -> Int64Array:
    """The cycles of a layer on many arrays at once, a fraction rounded up."""
    numerators, denominator = _cycles_over_arrays(work_of(shape, algorithm), dataflow, rows, columns)
    return -(-numerators // denominator)


def node_costs_ps(
    shape: ConvShape,
    algorithm: Algorithm,
    dataflow: Dataflow,
    rows: Int64Array,
    columns: Int64Array,
    clock_khz: int,
    bandwidth_bytes_per_ms: int,
) -> Int64Array:
    """``node_cost_ps`` of a layer on many arrays at once, equal to the picosecond."""
    work = work_of(shape, algorithm)
    return work_costs_ps(work, dataflow, rows, columns, clock_khz, bandwidth_bytes_per_ms)


def work_costs_ps(
    work: Work,
    dataflow: Dataflow,
    rows: Int64Array,
    columns: Int64Array,
    clock_khz: int,
    bandwidth_bytes_per_ms: int,
) -> Int64Array:
    """``work_cost_ps`` on many arrays at once, equal to the picosecond.

    The two terms are n / d and bytes / bandwidth ms. Whole picoseconds are split off each, the
    remainders over d * bandwidth are added, and one comparison decides the rounding, in 64 bits.

    Raises:
        ValueError: clock times bandwidth is too large for that (no device file allows it).
    """
    numerators, denominator = _cycles_over_arrays(work, dataflow, rows, columns)
    d, bandwidth = denominator * clock_khz, bandwidth_bytes_per_ms
    if 5 * d * bandwidth >= 2**63 or d * PS_PER_MS >= 2**63:
        raise ValueError(f"clock {clock_khz} kHz with bandwidth {bandwidth} bytes/ms overflows 64 bits")
    whole_ms, rest = np.divmod(numerators, d)
    compute_ps, compute_rest = np.divmod(rest * PS_PER_MS, d)
    load_ps, load_rest = divmod(work.loaded_bytes * PS_PER_MS, bandwidth)
    twice = 2 * (compute_rest * bandwidth + load_rest * d)
    rounding = (twice + d * bandwidth) // (2 * d * bandwidth)
    costs: Int64Array = whole_ms * PS_PER_MS + compute_ps + load_ps + rounding
    return costs


def load_is_hidden(
    rows: Int64Array | int, columns: Int64Array | int, clock_khz: int, bandwidth_bytes_per_ms: int
) -> npt.NDArray[np.bool_] | bool:
    """Whether double buffering hides the load of a tensor: the array takes no more than memory delivers.

    The rule of the script, (P1 + P2) freq <= bw: a byte per row and per column in every cycle.
    """
    return (rows + columns) * clock_khz <= bandwidth_bytes_per_ms


def edge_cost_ps(
    output: TensorShape,
    producer: Algorithm,
    consumer: Algorithm,
    consumer_kernel: tuple[int, int],
    bandwidth_bytes_per_ms: int,
    *,
    hidden: bool,
) -> int:
    """Picoseconds to store a tensor in its consumer's format, and to load it again unless ``hidden``.

    Args:
        output: the tensor (O1 x O2 x C of the producer).
        producer: the algorithm of the layer that writes it.
        consumer: the algorithm of the layer that reads it.
        consumer_kernel: K1 x K2 of the layer that reads it, which sizes its Toeplitz matrix.
        bandwidth_bytes_per_ms: of the memory.
        hidden: ``load_is_hidden`` of the array; a load that is not hidden costs the same again.

    The transition into Winograd from another algorithm is printed in the script as
    O1 O2 ((m+r-1)/m)^2 C / (C bw / (C + m^2 / O1 * O2)), which Python reads as (m^2 / O1) * O2. It stays so.
    """
    positions = output.height * output.width
    if consumer is Algorithm.IM2COL:
        moved = Fraction(positions * consumer_kernel[0] * consumer_kernel[1] * output.channels)
    elif consumer is Algorithm.KN2ROW:
        moved = Fraction(positions * output.channels)
    else:
        overlap = Fraction(WINOGRAD_M + WINOGRAD_R - 1, WINOGRAD_M) ** 2
        if producer is Algorithm.WINOGRAD:
            moved = positions * overlap * output.channels / WINOGRAD_M**2
        else:
            moved = positions * overlap * (output.channels + Fraction(WINOGRAD_M**2, output.height) * output.width)
    return _picoseconds(moved / bandwidth_bytes_per_ms * (1 if hidden else 2))


def _cycles_over_arrays(
    work: Work, dataflow: Dataflow, rows: Int64Array, columns: Int64Array
) -> tuple[Int64Array, int]:
    """``work_cycles`` on many arrays, as numerators over one denominator."""
    tiles, parts = work.a.numerator, work.a.denominator
    if dataflow is Dataflow.NS:
        passes, factor = -(-tiles // (rows * parts)) * -(-work.c // columns), work.repeats * work.b
    elif dataflow is Dataflow.WS:
        passes, factor = -(-work.b // rows) * -(-work.c // columns), work.repeats * work.a
    else:
        passes, factor = -(-work.b // rows) * -(-tiles // (columns * parts)), work.repeats * work.c
    denominator = np.lcm(factor.denominator, work.overhead_cycles.denominator).item()
    scale = factor.numerator * (denominator // factor.denominator)
    overhead = work.overhead_cycles.numerator * (denominator // work.overhead_cycles.denominator)
    return passes.astype(np.int64) * scale + overhead, denominator


def _ceil(value: Fraction) -> int:
    return ceil_div(value.numerator, value.denominator)


def _picoseconds(milliseconds: Fraction) -> int:
    """Rounded half up."""
    twice = milliseconds * (2 * PS_PER_MS)
    return (twice.numerator + twice.denominator) // (2 * twice.denominator)
