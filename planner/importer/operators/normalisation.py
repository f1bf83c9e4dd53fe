"""What normalises the input of the network, as a part of the convolution that reads it.

W (s x + t) + b is (W s) x + (b + W t), where no zeros are padded in between, or t is zero.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dynamap.planner.importer.constants.placeholders import is_placeholder
from dynamap.planner.importer.drafts import ConvSpec, DoubleArray, LayerDraft, TensorDraft, Value
from dynamap.planner.importer.lowering import Lowering


def normalising(lowering: Lowering, value: Value) -> LayerDraft | None:
    """The layer that scales and shifts the channels of an input of the network, which ``value`` alone reads."""
    draft = lowering.foldable(value)
    if draft is None or not isinstance(draft.spec, ConvSpec) or draft.inputs[0].producer is not None:
        return None
    spec, channels = draft.spec, draft.output.shape.channels
    changed = draft.activation is not None or draft.order is not None or spec.quantisation is not None
    depthwise = spec.groups == channels == draft.inputs[0].shape.channels and spec.window.kernel == (1, 1)
    in_place = draft.output.shape == draft.inputs[0].shape and not any(spec.window.pads)
    return (
        draft if depthwise and in_place and not changed and value.shape == (1, *draft.output.shape.as_list()) else None
    )


def with_normalisation(spec: ConvSpec, draft: LayerDraft) -> tuple[ConvSpec, TensorDraft] | None:
    """The convolution that computes on the input what ``spec`` computes behind ``draft``, where there is one."""
    assert isinstance(draft.spec, ConvSpec)
    channels = draft.output.shape.channels
    factor: DoubleArray = draft.spec.weights.reshape(channels).astype(np.float64)
    term: DoubleArray = draft.spec.bias.astype(np.float64)
    if draft.scale is not None and draft.shift is not None:
        factor, term = factor * draft.scale, term * draft.scale + draft.shift
    if spec.quantisation is not None or is_placeholder(spec.weights) or (any(spec.window.pads) and term.any()):
        return None
    per_group = spec.weights.shape[1]
    outputs = np.arange(len(spec.weights)) // (len(spec.weights) // spec.groups)
    read = outputs[:, None] * per_group + np.arange(per_group)
    weights = spec.weights.astype(np.float64)
    bias = spec.bias + (weights.sum(axis=(2, 3)) * term[read]).sum(axis=1)
    scaled = (weights * factor[read][:, :, None, None]).astype(np.float32)
    return replace(spec, weights=scaled, bias=bias.astype(np.float32)), draft.inputs[0]
