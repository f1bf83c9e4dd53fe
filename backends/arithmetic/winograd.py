"""Winograd convolution in integers, exact: F(2,3) and F(4,3) in one or two dimensions, F(5,4) in one; any kernel size.

One dimension: m outputs of an r-tap correlation of t = m + r - 1 data, y = A ((G g) * (B d)), with t products
instead of r m. G has fractions; here every row of G (and of B) is scaled to the smallest integers and A takes
up the factors, so that A, B and G are integer matrices and A ((G g) * (B d)) = scale y with scale 2, 24 or
360. In two dimensions the scale is its square, 4 or 576. Every step is integer, so the division by the scale
has no remainder. A dimension with kernel 1 is left alone (m = t = scale = 1). Kernels above r are cut
into r-tap pieces (*rounds*), padded with zero taps, whose products are summed before A is applied.

Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016
(arXiv 1509.09308), sections 4.1 to 4.3; the per-row scaling is the deviation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.limits import PRODUCT_BITS

Int8Array = npt.NDArray[np.int8]
Int16Array = npt.NDArray[np.int16]
Int64Array = npt.NDArray[np.int64]

DATA_LIMIT = 128
WEIGHT_LIMIT = 128


@dataclass(frozen=True, eq=False)
class Transform1D:
    """A ((G g) * (B d)) = scale y: ``data`` is B (t x t), ``weights`` G (t x r), ``output`` A (m x t)."""

    outputs: int
    scale: int
    data: Int64Array
    weights: Int64Array
    output: Int64Array


def _matrix(*rows: tuple[int, ...]) -> Int64Array:
    matrix = np.array(rows, dtype=np.int64)
    matrix.setflags(write=False)
    return matrix


IDENTITY = Transform1D(1, 1, _matrix((1,)), _matrix((1,)), _matrix((1,)))
"""A dimension of kernel 1."""

F23 = Transform1D(
    outputs=2,
    scale=2,
    data=_matrix((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
    weights=_matrix((1, 0, 0), (1, 1, 1), (1, -1, 1), (0, 0, 1)),
    output=_matrix((2, 1, 1, 0), (0, 1, -1, -2)),
)
"""F(2,3): rows of G multiplied by 1, 2, 2, 1; A takes up 2, 1, 1, 2."""

F43 = Transform1D(
    outputs=4,
    scale=24,
    data=_matrix(
        (4, 0, -5, 0, 1, 0),
        (0, -4, -4, 1, 1, 0),
        (0, 4, -4, -1, 1, 0),
        (0, -2, -1, 2, 1, 0),
        (0, 2, -1, -2, 1, 0),
        (0, 4, 0, -5, 0, 1),
    ),
    weights=_matrix((1, 0, 0), (-1, -1, -1), (-1, 1, -1), (1, 2, 4), (1, -2, 4), (0, 0, 1)),
    output=_matrix((6, 4, 4, 1, 1, 0), (0, 4, -4, 2, -2, 0), (0, 4, 4, 4, 4, 0), (0, 4, -4, 8, -8, 24)),
)
"""F(4,3): rows of G multiplied by 4, 6, 6, 24, 24, 1; A takes up 6, 4, 4, 1, 1, 24."""

F54 = Transform1D(
    outputs=5,
    scale=360,
    data=_matrix(
        (-4, 0, 21, 0, -21, 0, 4, 0),
        (0, 4, 4, -17, -17, 4, 4, 0),
        (0, -4, 4, 17, -17, -4, 4, 0),
        (0, 2, 1, -10, -5, 8, 4, 0),
        (0, -2, 1, 10, -5, -8, 4, 0),
        (0, 4, 8, -5, -10, 1, 2, 0),
        (0, -4, 8, 5, -10, -1, 2, 0),
        (0, -4, 0, 21, 0, -21, 0, 4),
    ),
    weights=_matrix(
        (1, 0, 0, 0),
        (1, 1, 1, 1),
        (1, -1, 1, -1),
        (1, 2, 4, 8),
        (1, -2, 4, -8),
        (8, 4, 2, 1),
        (8, -4, 2, -1),
        (0, 0, 0, 1),
    ),
    output=_matrix(
        (-90, -20, -20, 1, 1, 16, 16, 0),
        (0, -20, 20, 2, -2, 8, -8, 0),
        (0, -20, -20, 4, 4, 4, 4, 0),
        (0, -20, 20, 8, -8, 2, -2, 0),
        (0, -20, -20, 16, 16, 1, 1, 90),
    ),
)
"""F(5,4) on the points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity.

With M = x (x^2 - 1)(x^2 - 4)(x^2 - 1/4), the row of B of a point a holds the coefficients of M / (x - a), that of
infinity those of M, the row of G the powers of a, each in the smallest integers; A takes up the rest. One dimension
only: in two, data would need 20 bits.
"""

TRANSFORMS = {2: F23, 4: F43, 5: F54}


@dataclass(frozen=True)
class WinogradForm:
    """How a kernel of K1 x K2 runs on tiles of m outputs per dimension (m = 2, 4 or 5).

    >>> form = WinogradForm((3, 3), 4)
    >>> form.positions, form.rounds, form.scale, form.data_bits, form.weight_bits
    (36, 1, 576, 15, 14)
    """

    kernel: tuple[int, int]
    m: int

    def __post_init__(self) -> None:
        if self.m not in TRANSFORMS:
            raise ValueError(f"F(m, r) exists for m = 2, 4 and 5, found m = {self.m}")
        if min(self.kernel) < 1 or max(self.kernel) < 2:
            raise ValueError(f"Winograd needs a kernel longer than 1 in some dimension, found {self.kernel}")
        if self.m == 5 and min(self.kernel) > 1:
            raise ValueError(f"F(5,4) is for kernels of one dimension, found {self.kernel}")

    @cached_property
    def transforms(self) -> tuple[Transform1D, Transform1D]:
        """Along the rows and along the columns."""
        first, second = (IDENTITY if size == 1 else TRANSFORMS[self.m] for size in self.kernel)
        return first, second

    @property
    def outputs(self) -> tuple[int, int]:
        """Rows and columns of outputs of one tile (m1, m2)."""
        return self.transforms[0].outputs, self.transforms[1].outputs

    @property
    def tile(self) -> tuple[int, int]:
        """Rows and columns of data of one tile (t1, t2)."""
        return self.transforms[0].data.shape[0], self.transforms[1].data.shape[0]

    @property
    def positions(self) -> int:
        """Products of one tile, channel, output channel and round; position = row * t2 + column."""
        return self.tile[0] * self.tile[1]

    @property
    def taps(self) -> int:
        """r: taps of a piece along each transformed dimension."""
        return int(TRANSFORMS[self.m].weights.shape[1])

    @property
    def rounds_2d(self) -> tuple[int, int]:
        """Pieces of the kernel along rows and columns; a dimension of length 1 has one."""
        return ceil_div(self.kernel[0], self.taps), ceil_div(self.kernel[1], self.taps)

    @property
    def rounds(self) -> int:
        return self.rounds_2d[0] * self.rounds_2d[1]

    @property
    def scale(self) -> int:
        """What the output transform multiplies the convolution by: 2, 4, 24, 360 or 576."""
        return self.transforms[0].scale * self.transforms[1].scale

    @property
    def data_limit(self) -> int:
        """Largest absolute transformed value: 512 for F(2,3), 12800 for F(4,3) in two dimensions, 6400 for F(5,4)."""
        return DATA_LIMIT * _row_sum(self.transforms[0].data) * _row_sum(self.transforms[1].data)

    @property
    def weight_limit(self) -> int:
        """Largest absolute transformed weight: 1152 for F(2,3), 6272 for F(4,3) in two dimensions, 1920 for F(5,4)."""
        return WEIGHT_LIMIT * _row_sum(self.transforms[0].weights) * _row_sum(self.transforms[1].weights)

    @property
    def data_bits(self) -> int:
        """Signed bits of transformed data: 10 for F(2,3), 15 for F(4,3), 14 for F(5,4).

        Exactly, from the lowest and highest value: a row whose positive entries sum to p and
        negative entries to -n takes x in low..high to p low - n high .. p high - n low.
        """
        low, high = -DATA_LIMIT, DATA_LIMIT - 1
        for transform in self.transforms:
            positive = np.maximum(transform.data, 0).sum(axis=1)
            negative = np.maximum(-transform.data, 0).sum(axis=1)
            lows, highs = positive * low - negative * high, positive * high - negative * low
            low, high = int(lows.min()), int(highs.max())
        return signed_bits(low, high)

    @property
    def weight_bits(self) -> int:
        """Signed bits of transformed weights: 12 for F(2,3), 14 for F(4,3), 12 for F(5,4)."""
        return signed_bits(-self.weight_limit, self.weight_limit)

    def sum_bits(self, channels: int) -> int:
        """Signed bits that hold any sum of one position over ``channels`` and all rounds."""
        limit = self.data_limit * self.weight_limit * channels * self.rounds
        return signed_bits(-limit, limit)

    def fits(self, channels: int) -> bool:
        """True where no weights or data of this many input channels can overflow the 40-bit sums."""
        return self.sum_bits(channels) <= PRODUCT_BITS

    def tiles(self, rows: int, columns: int) -> tuple[int, int]:
        """Rows and columns of tiles that cover ``rows`` x ``columns`` outputs."""
        return ceil_div(rows, self.outputs[0]), ceil_div(columns, self.outputs[1])

    def padded_size(self, rows: int, columns: int) -> tuple[int, int]:
        """Rows and columns of padded input that the tiles of ``rows`` x ``columns`` outputs read."""
        first, second = (
            count * outputs + (rounds - 1) * self.taps + tile - outputs
            for count, outputs, rounds, tile in zip(
                self.tiles(rows, columns), self.outputs, self.rounds_2d, self.tile, strict=True
            )
        )
        return first, second


def _row_sum(matrix: Int64Array) -> int:
    return int(np.abs(matrix).sum(axis=1).max())


def signed_bits(low: int, high: int) -> int:
    """Bits of the shortest two's complement that holds ``low..high``.

    >>> signed_bits(-128, 127), signed_bits(-127, 128)
    (8, 9)
    """
    return max((-low - 1).bit_length() if low < 0 else 0, high.bit_length() if high > 0 else 0) + 1


def transform_weights(weights_oihw: Int8Array, form: WinogradForm) -> Int16Array:
    """Transformed weights of one group: positions x rounds x I x O, 16 bits.

    ``weights_oihw`` is O x I x K1 x K2 with any int8 values. Round r1 * R2 + r2 holds the taps
    r r1 .. r r1 + r - 1 of the rows and r r2 .. r r2 + r - 1 of the columns; taps beyond the kernel are zero.
    """
    outputs, inputs = weights_oihw.shape[:2]
    pieces = tuple(transform.weights.shape[1] for transform in form.transforms)
    rounds = form.rounds_2d
    padded = np.zeros((outputs, inputs, rounds[0] * pieces[0], rounds[1] * pieces[1]), dtype=np.int64)
    padded[:, :, : form.kernel[0], : form.kernel[1]] = weights_oihw
    taps = padded.reshape(outputs, inputs, rounds[0], pieces[0], rounds[1], pieces[1])
    first, second = (transform.weights for transform in form.transforms)
    transformed = np.einsum("ia,jb,ocraqb->ijrqco", first, second, taps, optimize=True)
    assert np.abs(transformed).max(initial=0) <= form.weight_limit
    result: Int16Array = transformed.reshape(form.positions, form.rounds, inputs, outputs).astype(np.int16)
    return result


def transform_tiles(padded: Int8Array, form: WinogradForm, rows: int, columns: int) -> Int16Array:
    """Transformed data: positions x rounds x tiles x C, 16 bits; tiles run row by row.

    ``padded`` is C x H x W, already padded: output (y, x) reads ``padded[:, y : y + K1, x : x + K2]``.
    Where the tiles of ``rows`` x ``columns`` outputs reach beyond ``padded`` (`WinogradForm.padded_size`)
    the data are taken as zero: they meet zero taps, or belong to outputs that do not exist.
    """
    channels, height, width = padded.shape
    need = form.padded_size(rows, columns)
    data = np.zeros((channels, max(need[0], height), max(need[1], width)), dtype=np.int16)
    data[:, :height, :width] = padded
    (t1, t2), (m1, m2), (r1, r2) = form.tile, form.outputs, form.rounds_2d
    n1, n2 = form.tiles(rows, columns)
    plane, line, item = data.strides
    view = np.lib.stride_tricks.as_strided(
        data,
        (channels, n1, n2, r1, r2, t1, t2),
        (plane, line * m1, item * m2, line * form.taps, item * form.taps, line, item),
        writeable=False,
    )
    # Rows first, then columns; small integers times 8-bit data stay within 16 bits throughout.
    first, second = (transform.data for transform in form.transforms)
    half = _combine(np.moveaxis(view, (5, 6), (0, 1)), first)
    full = _combine(np.moveaxis(half, 1, 0), second)  # t2, t1, C, n1, n2, r1, r2
    ordered = full.transpose(1, 0, 5, 6, 3, 4, 2)
    return ordered.reshape(form.positions, form.rounds, n1 * n2, channels)


def _combine(values: Int16Array, matrix: Int64Array) -> Int16Array:
    """matrix x values along axis 0, without multiplications where the entry is 0 or 1 or -1."""
    result = np.zeros((matrix.shape[0], *values.shape[1:]), dtype=np.int16)
    for row, entries in enumerate(matrix.tolist()):
        for column, entry in enumerate(entries):
            if entry:
                result[row] += values[column] * np.int16(entry)
    return result


def multiply(data: Int16Array, weights: Int16Array, form: WinogradForm) -> Int64Array:
    """The products of all positions, summed over rounds and channels: positions x tiles x O.

    Float64 holds every sum exactly: they are below 2^39.
    """
    rounds, tiles, channels = data.shape[1:]
    outputs = weights.shape[3]
    assert form.fits(channels), "the planner offers Winograd only where the sums fit"
    left = data.transpose(0, 2, 1, 3).reshape(form.positions, tiles, rounds * channels).astype(np.float64)
    right = weights.reshape(form.positions, rounds * channels, outputs).astype(np.float64)
    sums: Int64Array = np.matmul(left, right).astype(np.int64)
    return sums


def transform_output(sums: Int64Array, form: WinogradForm, rows: int, columns: int) -> Int64Array:
    """The convolution O x rows x columns from sums of positions x tiles x O, divided exactly by the scale."""
    (t1, t2), (m1, m2) = form.tile, form.outputs
    n1, n2 = form.tiles(rows, columns)
    outputs = sums.shape[2]
    first, second = (transform.output for transform in form.transforms)
    grid = sums.reshape(t1, t2, n1, n2, outputs)
    half = np.tensordot(first, grid, axes=(1, 0))  # m1, t2, n1, n2, O
    full = np.tensordot(half, second, axes=(1, 1))  # m1, n1, n2, O, m2
    image = full.transpose(3, 1, 0, 2, 4).reshape(outputs, n1 * m1, n2 * m2)[:, :rows, :columns]
    return divide_exactly(image, form.scale)


def divide_exactly(values: Int64Array, scale: int) -> Int64Array:
    """``values / scale``; a remainder would be a fault of the transforms and is an AssertionError.

    Hardware shifts by the power of two in the scale (1, 2, 3 or 6 bits) and multiplies by the inverse
    of what is left (1, 3, 9 or 45) modulo a power of two.
    """
    quotient = values // scale
    assert (quotient * scale == values).all()
    return quotient


def convolve(padded: Int8Array, weights_oihw: Int8Array, form: WinogradForm, rows: int, columns: int) -> Int64Array:
    """The exact convolution O x rows x columns of padded data C x H x W, by Winograd: all steps together."""
    data = transform_tiles(padded, form, rows, columns)
    return transform_output(multiply(data, transform_weights(weights_oihw, form), form), form, rows, columns)
