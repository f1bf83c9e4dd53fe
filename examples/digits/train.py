"""Trains the digits network in NumPy and writes digits.onnx: about a minute on one core.

    python examples/digits/train.py

Forward and backward passes walk the layers of the network itself. Adam with a cosine schedule,
cross entropy, training images moved by up to one pixel. Everything is seeded.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import architecture
import data
import numpy as np
import numpy.typing as npt
import onnx
from train_layers import adam, backward, forward

from dynamap.planner.network.network import Conv, HostLayer, Network
from dynamap.planner.network.onnx_export import to_onnx

Array = npt.NDArray[np.float32]

EPOCHS = 30
BATCH = 32
LEARNING_RATE = 3e-3
SEED = 1


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
