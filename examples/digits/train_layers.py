"""The passes through layers in NumPy, forward and backward, and a step of Adam: what training needs."""

from __future__ import annotations

from functools import reduce

import numpy as np
import numpy.typing as npt

from dynamap.cost.geometry import Window
from dynamap.planner.network.network import Add, Concat, Conv, Layer, Pool, PoolKind

Array = npt.NDArray[np.float32]

WEIGHT_DECAY = 1e-4


def windows(images: Array, window: Window, fill: float) -> Array:
    """Every window of a batch: N x C x rows x columns x K1 x K2, a view of the padded images."""
    top, left, bottom, right = window.pads
    padded = np.pad(images, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)
    every = np.lib.stride_tricks.sliding_window_view(padded, window.kernel, axis=(2, 3))
    return every[:, :, :: window.stride[0], :: window.stride[1]]


def scatter(gradients: Array, shape: tuple[int, ...], window: Window) -> Array:
    """The transpose of `windows`: add each window's gradients to the images that it was taken from."""
    top, left, bottom, right = window.pads
    count, channels, height, width = shape
    padded = np.zeros((count, channels, height + top + bottom, width + left + right), np.float32)
    rows, columns = gradients.shape[2:4]
    (s1, s2), (k1, k2) = window.stride, window.kernel
    for i in range(k1):
        for j in range(k2):
            padded[:, :, i : i + rows * s1 : s1, j : j + columns * s2 : s2] += gradients[..., i, j]
    return padded[:, :, top : top + height, left : left + width]


def pool_taps(layer: Pool, images: Array) -> list[Array]:
    """What each output sees at each tap of the window, in the order of rows and columns."""
    every = windows(images, layer.window, -np.inf)
    rows, columns = layer.window.kernel
    return [every[..., i, j] for i in range(rows) for j in range(columns)]


def forward(layer: Layer, inputs: list[Array], weights: dict[str, tuple[Array, Array]]) -> Array:
    """The output of one layer for a batch N x C x H x W."""
    if isinstance(layer, Conv):
        kernel, bias = weights[layer.name]
        result = np.tensordot(windows(inputs[0], layer.window, 0.0), kernel, axes=((1, 4, 5), (1, 2, 3)))
        result = result.transpose(0, 3, 1, 2) + bias.reshape(-1, 1, 1)
    elif isinstance(layer, Pool):
        taps = pool_taps(layer, inputs[0])
        result = reduce(np.maximum, taps) if layer.kind is PoolKind.MAX else sum(taps) / len(taps)
    elif isinstance(layer, Add):
        result = inputs[0] + inputs[1]
    else:
        result = np.concatenate(inputs, axis=1)
    return result if isinstance(layer, Concat) or layer.activation is None else np.maximum(result, 0)


def backward(
    layer: Layer, inputs: list[Array], output: Array, gradient: Array, weights: dict[str, tuple[Array, Array]]
) -> tuple[list[Array], tuple[Array, Array] | None]:
    """Gradients of a layer's inputs, and of its weights and bias."""
    if not isinstance(layer, Concat) and layer.activation is not None:
        gradient = gradient * (output > 0)
    if isinstance(layer, Conv):
        kernel, _ = weights[layer.name]
        every = windows(inputs[0], layer.window, 0.0)
        of_kernel = np.tensordot(gradient, every, axes=((0, 2, 3), (0, 2, 3)))
        of_windows = np.tensordot(gradient, kernel, axes=(1, 0)).transpose(0, 3, 1, 2, 4, 5)
        own = of_kernel, gradient.sum(axis=(0, 2, 3))
        return [scatter(of_windows, inputs[0].shape, layer.window)], own
    if isinstance(layer, Pool):
        taps = pool_taps(layer, inputs[0])
        shares = [tap == output if layer.kind is PoolKind.MAX else np.ones_like(tap) for tap in taps]
        each = gradient / sum(share.astype(np.float32) for share in shares)
        of_taps = np.stack([share * each for share in shares], axis=-1)
        of_windows = of_taps.reshape(*gradient.shape, *layer.window.kernel)
        return [scatter(of_windows, inputs[0].shape, layer.window)], None
    if isinstance(layer, Add):
        return [gradient, gradient], None
    cuts = np.cumsum([values.shape[1] for values in inputs])[:-1]
    return np.split(gradient, cuts, axis=1), None


def adam(
    pair: tuple[Array, Array],
    gradients: tuple[Array, Array],
    moments: list[list[Array]],
    rate: float,
    count: int,
) -> tuple[Array, Array]:
    """One step of Adam (Kingma and Ba, ICLR 2015), with decoupled weight decay on the weights."""
    updated = []
    for index, (value, gradient) in enumerate(zip(pair, gradients, strict=True)):
        first, second = moments[index]
        first += 0.1 * (gradient - first)
        second += 0.001 * (gradient**2 - second)
        direction = (first / (1 - 0.9**count)) / (np.sqrt(second / (1 - 0.999**count)) + 1e-8)
        decay = WEIGHT_DECAY * value if index == 0 else 0.0
        updated.append((value - rate * (direction + decay)).astype(np.float32))
    return updated[0], updated[1]
