"""Trains the segmenter and the detector in NumPy and writes their ONNX files: a minute or two on one core.

    PYTHONPATH=examples/digits python examples/shapes/train.py

The passes through convolutions, poolings and joins are those of the digits (examples/digits/train.py). Everything is
seeded. Pictures are drawn anew for every batch.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import networks
import numpy as np
import numpy.typing as npt
import onnx
import pictures
from train_layers import adam, backward, forward

from dynamap.planner.network.network import Conv, Layer, Network, Resize
from dynamap.planner.network.onnx_export import to_onnx

Array = npt.NDArray[np.float32]
Weights = dict[str, tuple[Array, Array]]
Loss = Callable[[Array, pictures.Shapes], tuple[float, Array]]

STEPS = 720
BATCH = 12
LEARNING_RATE = 8e-3
"""Halved on the way by a cosine."""


def pixel_loss(logits: Array, shapes: pictures.Shapes) -> tuple[float, Array]:
    """Mean cross entropy over all pixels, and its gradient."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = exponentials / exponentials.sum(axis=1, keepdims=True)
    wanted = np.eye(logits.shape[1], dtype=np.float32)[shapes.masks].transpose(0, 3, 1, 2)
    loss = -float(np.log((shares * wanted).sum(axis=1) + 1e-9).mean())
    return loss, ((shares - wanted) / shapes.masks.size).astype(np.float32)


def cell_targets(shapes: pictures.Shapes) -> tuple[Array, Array]:
    """What each cell should say, N x 7 x 4 x 4, and how much each value counts."""
    cells = pictures.SIDE // networks.CELL
    wanted = np.zeros((len(shapes.objects), networks.OUTPUTS, cells, cells), np.float32)
    counts = np.zeros_like(wanted)
    counts[:, 0] = 1
    for index, found in enumerate(shapes.objects):
        for kind, row, column, radius in found:
            at = index, slice(None), row // networks.CELL, column // networks.CELL
            place = (row % networks.CELL) / networks.CELL, (column % networks.CELL) / networks.CELL
            wanted[at] = [1, *(float(kind == other) for other in (1, 2, 3)), *place, radius / networks.CELL]
            counts[at] = 1
    return wanted, counts


def cell_loss(values: Array, shapes: pictures.Shapes) -> tuple[float, Array]:
    """Mean squared difference of what counts, and its gradient."""
    wanted, counts = cell_targets(shapes)
    difference = (values - wanted) * counts
    return float((difference**2).sum() / counts.sum()), (2 * difference / counts.sum()).astype(np.float32)


def passed(layer: Layer, inputs: list[Array], weights: Weights) -> Array:
    """The output of one layer for a batch."""
    if isinstance(layer, Resize):
        return inputs[0].repeat(layer.rows, axis=2).repeat(layer.columns, axis=3)
    return forward(layer, inputs, weights)


def returned(
    layer: Layer, inputs: list[Array], output: Array, gradient: Array, weights: Weights
) -> tuple[list[Array], tuple[Array, Array] | None]:
    """Gradients of a layer's inputs and of its weights."""
    if isinstance(layer, Resize):
        count, channels, rows, columns = inputs[0].shape
        return [gradient.reshape(count, channels, rows, layer.rows, columns, layer.columns).sum(axis=(3, 5))], None
    return backward(layer, inputs, output, gradient, weights)


def train(network: Network, loss: Loss) -> Network:
    """The network with trained weights."""
    weights = {layer.name: (layer.weights, layer.bias) for layer in network.layers if isinstance(layer, Conv)}
    moments = {name: [[np.zeros_like(a), np.zeros_like(a)] for a in pair] for name, pair in weights.items()}
    for count in range(1, STEPS + 1):
        shapes = pictures.draw(BATCH, 1000 * pictures.TRAIN_SEED + count)
        tensors = {"image": shapes.values}
        for layer in network.layers:
            tensors[layer.output] = passed(layer, [tensors[name] for name in layer.inputs], weights)
        value, gradient = loss(tensors[network.outputs[0]], shapes)
        gradients, found = {network.outputs[0]: gradient}, {}
        for layer in reversed(network.layers):
            inputs = [tensors[name] for name in layer.inputs]
            of_inputs, own = returned(layer, inputs, tensors[layer.output], gradients.pop(layer.output), weights)
            if own is not None:
                found[layer.name] = own
            for name, part in zip(layer.inputs, of_inputs, strict=True):
                gradients[name] = gradients[name] + part if name in gradients else part
        rate = LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * count / (STEPS + 1)))
        weights = {name: adam(pair, found[name], moments[name], rate, count) for name, pair in weights.items()}
        if count % 20 == 0:
            print(f"{network.name}: step {count} of {STEPS}, loss {value:.4f}", flush=True)
    layers = []
    for layer in network.layers:
        if isinstance(layer, Conv):
            layer = replace(layer, weights=weights[layer.name][0], bias=weights[layer.name][1])
        layers.append(layer)
    return replace(network, layers=tuple(layers))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=["segmenter", "detector"], help="which ones (default: both)")
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent, help="the folder to write to")
    arguments = parser.parse_args()
    both = (
        (networks.segmenter(1, pictures.SIDE, len(pictures.CLASSES)), pixel_loss),
        (networks.detector(1, pictures.SIDE), cell_loss),
    )
    for network, loss in both:
        if network.name not in arguments.networks:
            continue
        trained = train(network, loss)
        path = arguments.output / f"{network.name}.onnx"
        path.write_bytes(to_onnx(trained).SerializeToString(deterministic=True))
        onnx.checker.check_model(str(path))
        print(f"wrote {path} ({trained.parameters} parameters)")


if __name__ == "__main__":
    main()
