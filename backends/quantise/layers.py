"""A quantised network: every tensor with its scale, every layer with its integers.

The arithmetic of each layer is what docs/arithmetic.md defines; these classes hold its constants.
Activations are int8; real = scale * (integer - zero_point).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.arithmetic.integers import Int8Array, Int32Array, Int64Array
from dynamap.planner.network.joining.siblings import channel_scales
from dynamap.planner.network.network import Network, Quantisation


@dataclass(frozen=True, eq=False)
class Leaky:
    """Products >= 0 are multiplied by ``positive``, others by ``negatives`` (1 or C entries), over 2^shift."""

    positive: int
    negatives: Int32Array
    shift: int


@dataclass(frozen=True, eq=False)
class Finish:
    """How a product that is still to be shifted becomes the output of its layer.

    The product is bent by ``leaky``, shifted and rounded, the zero point added, clamped to low..high,
    and looked up in ``table`` (256 entries, that of -128 first). ``rounded`` is scale and zero point of
    the value before the table, which is the output tensor's own where there is no table.
    """

    rounded: Quantisation
    low: int = -128
    high: int = 127
    table: Int8Array | None = None
    leaky: Leaky | None = None


@dataclass(frozen=True, eq=False)
class Rescale:
    """Between scales: zero_point + round((q - input_zero_point) * multiplier / 2^shift), saturated."""

    input_zero_point: int
    multiplier: int
    shift: int
    zero_point: int


@dataclass(frozen=True, eq=False)
class ConvArithmetic:
    """Convolution, fully connected layer, depthwise convolution.

    ``weights_oihw`` int8, O x (I / groups) x K1 x K2; ``bias`` int32 in units of input scale times
    weight scale; ``multipliers`` (17 bits) and ``shifts`` turn a sum into units of the output. Arrays per
    channel are in the convolution's own order, before ``Conv.output_order``. Where the activation is
    leaky, sums below zero take ``negative_multipliers`` (signed, 18 bits) and ``negative_shifts``;
    ``finish`` then has no ``leaky``.
    """

    weights_oihw: Int8Array
    weight_scales: tuple[float, ...]
    bias: Int32Array
    input_zero_point: int
    multipliers: Int32Array
    shifts: Int32Array
    finish: Finish
    negative_multipliers: Int32Array | None = None
    negative_shifts: Int32Array | None = None

    @cached_property
    def folded_bias(self) -> Int32Array:
        """bias - input_zero_point * sum of the channel's weights, for sums of raw data and pads."""
        sums = self.weights_oihw.sum(axis=(1, 2, 3), dtype=np.int64)
        folded: Int32Array = (self.bias - self.input_zero_point * sums).astype(np.int32)
        return folded

    @property
    def negative(self) -> tuple[Int32Array, Int32Array] | None:
        if self.negative_multipliers is None or self.negative_shifts is None:
            return None
        return self.negative_multipliers, self.negative_shifts


@dataclass(frozen=True, eq=False)
class MaxPoolArithmetic:
    """The largest value of a window; pads never win. ``rescale`` is None where the scale stays."""

    rescale: Rescale | None
    finish: Finish


@dataclass(frozen=True, eq=False)
class AveragePoolArithmetic:
    """round(sum (q - input_zero_point) * multiplier[count] / 2^shift[count]) for the divisor of each window.

    ``row_counts`` (one per output row) times ``column_counts`` (one per output column) is a window's
    divisor; ``counts`` are the divisors that occur, ascending, each with its multiplier and shift.
    """

    input_zero_point: int
    row_counts: tuple[int, ...]
    column_counts: tuple[int, ...]
    counts: tuple[int, ...]
    multipliers: Int32Array
    shifts: Int32Array
    finish: Finish


@dataclass(frozen=True, eq=False)
class AddArithmetic:
    """round(sum_i (q_i - zero_point_i) * multiplier_i / 2^shift)."""

    input_zero_points: tuple[int, ...]
    multipliers: tuple[int, ...]
    shift: int
    finish: Finish


@dataclass(frozen=True, eq=False)
class MulArithmetic:
    """round((a - za)(b - zb) * multiplier / 2^shift)."""

    input_zero_points: tuple[int, int]
    multiplier: int
    shift: int
    finish: Finish


@dataclass(frozen=True, eq=False)
class ConcatArithmetic:
    """Each input copied, rescaled where its scale differs from the output's."""

    rescales: tuple[Rescale | None, ...]


@dataclass(frozen=True, eq=False)
class SliceArithmetic:
    """The values of its channels as they are."""


@dataclass(frozen=True, eq=False)
class LrnArithmetic:
    """round((q - input_zero_point) * factor / 2^shift), factor and shift by the sum of squares.

    ``table`` is octaves x 33, ``shifts`` one per octave: see `dynamap.backends.arithmetic.integers.lrn_factor`.
    """

    input_zero_point: int
    table: Int64Array
    shifts: Int32Array
    finish: Finish


@dataclass(frozen=True, eq=False)
class ResizeArithmetic:
    """Values repeated, rescaled where the scale differs."""

    rescale: Rescale | None


@dataclass(frozen=True, eq=False)
class ActivateArithmetic:
    """output = table[q + 128]."""

    table: Int8Array


@dataclass(frozen=True, eq=False)
class SlopeArithmetic:
    """An activation with a slope per channel: (q - input_zero_point) * multiplier / 2^shift, bent by ``finish``."""

    input_zero_point: int
    multiplier: int
    shift: int
    finish: Finish


LayerArithmetic = (
    ConvArithmetic
    | MaxPoolArithmetic
    | AveragePoolArithmetic
    | AddArithmetic
    | MulArithmetic
    | ConcatArithmetic
    | SliceArithmetic
    | LrnArithmetic
    | ResizeArithmetic
    | ActivateArithmetic
    | SlopeArithmetic
)


NOISE_REMEDY = (
    "the network's answers mean nothing until it is calibrated on inputs like its own (--calibration with a folder of "
    "images, or an .npy or .npz file)"
)


@dataclass(frozen=True)
class Calibrated:
    """By how many images the scales were found, and whether these were but noise."""

    images: int = 0
    noise: bool = False


@dataclass(frozen=True, eq=False)
class QuantisedNetwork:
    """A network with the integers that compute it.

    ``tensors`` has every tensor that the overlay stores, ``layers`` every layer but the host's, by
    name. ``source`` is a sentence that says where the scales come from, ``notices`` say where they cost
    accuracy, ``calibrated`` by what they were found (no images where all are the model's own).
    """

    network: Network
    tensors: Mapping[str, Quantisation]
    layers: Mapping[str, LayerArithmetic]
    source: str
    notices: tuple[str, ...] = ()
    calibrated: Calibrated = Calibrated()

    def scales_of(self, tensor: str) -> npt.NDArray[np.float64]:
        """The scale of each channel; one for all, but where each of the tensor's slices has its own."""
        return channel_scales(self.network, self.tensors, tensor)

    @property
    def warning(self) -> str | None:
        """What a user must know of scales that come from noise; None where they do not."""
        if not self.calibrated.noise:
            return None
        which = "some of the int8 scales come" if self.network.quantisation else "the int8 scales come"
        return f"{which} from random noise, not from data: {NOISE_REMEDY}"

    @property
    def statement(self) -> str:
        """Where the scales come from, and the warning, as sentences."""
        said = [self.source] if self.warning is None else [self.source, self.warning]
        return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in said)

    def calibration_document(self) -> dict[str, Any]:
        """Where the scales come from, as JSON data."""
        found = {"source": self.source, "images": self.calibrated.images, "noise": self.calibrated.noise}
        return found | {"warning": self.warning}
