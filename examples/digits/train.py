"""Trains the digits network in NumPy and writes digits.onnx: about a minute on one core.

    python examples/digits/train.py

Forward and backward passes walk the layers of the network itself. Adam with a cosine schedule,
cross entropy, training images moved by up to one pixel. Everything is seeded.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import reduce
from pathlib import Path

import architecture
import data
import numpy as np
import numpy.typing as npt
import onnx

from dynamap.cost.geometry import Window
from dynamap.planner.network.network import Add, Concat, Conv, HostLayer, Layer, Network, Pool, PoolKind
from dynamap.planner.network.onnx_export import to_onnx

Array = npt.NDArray[np.float32]

EPOCHS = 30
BATCH = 32
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 1e-4
SEED = 1


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


def step(
    network: Network, images: Array, labels: npt.NDArray[np.int64], weights: dict[str, tuple[Array, Array]]
) -> tuple[float, dict[str, tuple[Array, Array]]]:
    """Mean cross entropy of a batch, and its gradients by layer."""
    layers = [layer for layer in network.layers if not isinstance(layer, HostLayer)]
    tensors = {network.inputs[0]: images}
    for layer in layers:
        tensors[layer.output] = forward(layer, [tensors[name] for name in layer.inputs], weights)
    logits = tensors[layers[-1].output][:, :, 0, 0]
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = -float(np.log(probabilities[rows, labels] + 1e-12).mean())
    probabilities[rows, labels] -= 1
    gradients = {layers[-1].output: (probabilities / len(labels))[:, :, None, None].astype(np.float32)}
    found = {}
    for layer in reversed(layers):
        inputs = [tensors[name] for name in layer.inputs]
        of_inputs, own = backward(layer, inputs, tensors[layer.output], gradients.pop(layer.output), weights)
        if own is not None:
            found[layer.name] = own
        for name, gradient in zip(layer.inputs, of_inputs, strict=True):
            gradients[name] = gradients[name] + gradient if name in gradients else gradient
    return loss, found


def shifted(images: Array, generator: np.random.Generator) -> Array:
    """Each image moved by -1, 0 or 1 pixel along both axes."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    moved = np.empty_like(images)
    for index, (dy, dx) in enumerate(generator.integers(0, 3, (len(images), 2))):
        moved[index] = padded[index, :, dy : dy + images.shape[2], dx : dx + images.shape[3]]
    return moved


def train(network: Network, digits: data.Digits) -> Network:
    """The network with trained weights."""
    generator = np.random.default_rng(SEED)
    weights = {layer.name: (layer.weights, layer.bias) for layer in network.layers if isinstance(layer, Conv)}
    moments = {name: [[np.zeros_like(a), np.zeros_like(a)] for a in pair] for name, pair in weights.items()}
    count, total = 0, EPOCHS * -(-len(digits.train_labels) // BATCH)
    for epoch in range(EPOCHS):
        order = generator.permutation(len(digits.train_labels))
        losses = []
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            images = shifted(digits.train_images[chosen], generator)
            loss, gradients = step(network, images, digits.train_labels[chosen], weights)
            losses.append(loss)
            count += 1
            rate = LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * count / total))
            weights = {name: adam(pair, gradients[name], moments[name], rate, count) for name, pair in weights.items()}
        print(f"epoch {epoch + 1:2d} of {EPOCHS}: loss {np.mean(losses):.4f}", flush=True)
    layers = tuple(
        replace(layer, weights=weights[layer.name][0], bias=weights[layer.name][1])
        if isinstance(layer, Conv)
        else layer
        for layer in network.layers
    )
    return replace(network, layers=layers)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).with_name("digits.onnx")
    parser.add_argument("-o", "--output", type=Path, default=default, help="the ONNX file to write")
    arguments = parser.parse_args()
    network = train(architecture.build(SEED), data.load())
    arguments.output.write_bytes(to_onnx(network).SerializeToString(deterministic=True))
    onnx.checker.check_model(str(arguments.output))
    print(f"wrote {arguments.output} ({network.parameters} parameters)")


if __name__ == "__main__":
    main()
