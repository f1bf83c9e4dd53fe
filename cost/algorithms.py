"""The choices that a layer has: a convolution algorithm and a dataflow of the array.

Source: Meng, Kuppannagari, Kannan, Prasanna, "DYNAMAP", FPGA 2021 (arXiv 2012.00912).
Every algorithm turns a convolution into matrix products (a x b) . (b x c): ``a`` counts
output positions, ``b`` the values summed for one output, ``c`` output channels.
"""

from __future__ import annotations

from enum import Enum


class Algorithm(Enum):
    """How a convolution becomes matrix products."""

    IM2COL = "im2col"
    """One product over the Toeplitz matrix of the input: a = O1 O2, b = K1 K2 C_in, c = C_out."""

    KN2ROW = "kn2row"
    """K1 K2 unit convolutions, each added into the output at its own shift: b = C_in, K1 K2 times."""

    WINOGRAD = "winograd"
    """F(m x m, r x r): (m + r - 1)^2 products over transformed tiles, a = number of output tiles."""


class Dataflow(Enum):
    """Which operand of a matrix product stays in the processing elements of a P1 x P2 array."""

    NS = "ns"
    """Non-stationary: each element sums one output, both operands stream. ceil(a/P1) ceil(c/P2) b cycles."""

    WS = "ws"
    """Weight-stationary: a tile of weights stays, inputs stream. ceil(b/P1) ceil(c/P2) a cycles."""

    IS = "is"
    """Input-stationary: a tile of inputs stays, weights stream. ceil(b/P1) ceil(a/P2) c cycles."""


class WinogradTile(Enum):
    """F(m, r): m outputs from pieces of r taps along each transformed dimension. The value is m, also the program's."""

    F2_3 = 2
    F4_3 = 4
    F5_4 = 5

    @property
    def outputs(self) -> int:
        """m: outputs of a tile along a transformed dimension."""
        return self.value

    @property
    def taps(self) -> int:
        """r: taps of the pieces that it works on; longer kernels take several rounds."""
        return 4 if self is WinogradTile.F5_4 else 3

    @property
    def label(self) -> str:
        """How the variant is called.

        >>> WinogradTile.F5_4.label
        'F(5,4)'
        """
        return f"F({self.outputs},{self.taps})"
