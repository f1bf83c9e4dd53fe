"""The architectures by name, with the figures that others have published of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import onnx

from support.architectures.classifiers import (
    convnext,
    efficientnet,
    mobilenet_v2,
    mobilenet_v3,
    regnet,
    resnext,
    shufflenet_v2,
)
from support.architectures.dense import deeplab, text_detector, unet, yolo
from support.architectures.graph import Graph, Size, Statistics, Writer, measured


@dataclass(frozen=True)
class Architecture:
    """A network: ``side`` of the images it is used with, and ``small`` for tests."""

    name: str
    write: Writer
    side: int
    small: int


_ALL = (
    Architecture("mobilenet-v2", mobilenet_v2.write, 224, 64),
    Architecture("mobilenet-v3-large", mobilenet_v3.write, 224, 64),
    Architecture("efficientnet-b0", efficientnet.write, 224, 64),
    Architecture("resnext50", resnext.write, 224, 64),
    Architecture("regnety-400mf", regnet.write, 224, 64),
    Architecture("shufflenet-v2", shufflenet_v2.write, 224, 64),
    Architecture("convnext-t", convnext.write, 224, 64),
    Architecture("unet", unet.write, 256, 32),
    Architecture("deeplab-mobilenet-v2", deeplab.write, 513, 65),
    Architecture("yolo-c2f", yolo.write, 640, 96),
    Architecture("yolo-c2f-nms", yolo.write_with_nms, 640, 96),
    Architecture("text-detector", text_detector.write, 640, 64),
)

CATALOGUE: Mapping[str, Architecture] = MappingProxyType({entry.name: entry for entry in _ALL})


def model(name: str, *, small: bool = False, seed: int = 0) -> onnx.ModelProto:
    """The model of one image; the statistics of its normalisations are measured on small images."""
    architecture = CATALOGUE[name]
    graph = Graph(Size(architecture.small if small else architecture.side), seed, _statistics(name, seed))
    return graph.model(name, architecture.write(graph))


@cache
def _statistics(name: str, seed: int) -> Statistics:
    return measured(CATALOGUE[name].write, CATALOGUE[name].small, seed)
