"""What the planner offers by Winograd is what the integer transforms can hold."""

from __future__ import annotations

import pytest

from dynamap.backends.arithmetic.winograd import WinogradForm
from dynamap.cost.convolution import ConvShape
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.options import winograd_fits


@pytest.mark.parametrize("tile", [2, 4])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 2), (1, 3), (3, 1), (5, 5), (1, 7), (7, 7)])
def test_limits_of_channels_are_those_of_the_transforms(kernel: tuple[int, int], tile: int) -> None:
    form = WinogradForm(kernel, tile)
    low, high = 1, 1 << 24
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if form.fits(middle) else (low, middle - 1)

    def offered(channels: int) -> bool:
        return winograd_fits(ConvShape(TensorShape(channels, 16, 16), 16, Window(kernel)), tile)

    assert offered(low)
    assert not offered(low + 1)
