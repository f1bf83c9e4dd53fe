"""The program of a plan before its model is quantised: every command and address as ever, every weight 0.

What the machine does when does not depend on the values that it computes with, so the simulator needs no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dynamap.backends.program import Program
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import ConvArithmetic, Finish, QuantisedNetwork
from dynamap.backends.quantise.activations import has_table
from dynamap.backends.quantise.build import Schemes, build_layer
from dynamap.backends.quantise.layers import LayerArithmetic
from dynamap.backends.quantise.scales.schemes import stored_tensors
from dynamap.backends.simulator.executable import require_executable
from dynamap.planner.network.network import (
    CLAMPING,
    Activate,
    Activation,
    ActivationKind,
    Add,
    Conv,
    HostLayer,
    Layer,
    Lrn,
    Mul,
    Network,
    Pool,
    Quantisation,
    looks_up,
)
from dynamap.planner.plan.plan import Plan

_SCHEME = Quantisation(1.0, 0)
_TABLE = np.zeros(256, np.int8)


def blank_program(plan: Plan, network: Network) -> Program:
    """The program of a plan with zeros for weights; the weights of ``network`` are not read.

    Raises:
        InputError: the plan is not for this network, or describes no program.
        InfeasibleError: the device's memory is too small.
    """
    require_executable(plan, network)
    looked_up = (layer.name for layer in network.layers if has_table(layer))
    schemes = Schemes(dict.fromkeys(stored_tensors(network), _SCHEME), dict.fromkeys(looked_up, _SCHEME))
    layers: Mapping[str, LayerArithmetic] = {
        layer.name: _arithmetic(network, layer, schemes) for layer in network.layers if not isinstance(layer, HostLayer)
    }
    return compile_program(plan, QuantisedNetwork(network, schemes.tensors, layers, "no values"))


def _arithmetic(network: Network, layer: Layer, schemes: Schemes) -> LayerArithmetic:
    if isinstance(layer, Conv):
        channels = layer.weights.shape[0]
        return ConvArithmetic(
            weights_oihw=np.broadcast_to(np.int8(0), layer.weights.shape),
            weight_scales=(1.0,) * channels,
            bias=np.zeros(channels, np.int32),
            input_zero_point=0,
            multipliers=np.zeros(channels, np.int32),
            shifts=np.zeros(channels, np.int32),
            finish=Finish(_SCHEME, table=_TABLE if has_table(layer) else None),
        )
    if isinstance(layer, Lrn):
        return build_layer(network, replace(layer, alpha=1e-4, beta=0.75, bias=1.0), schemes)
    if isinstance(layer, (Activate, Add, Mul, Pool)) and layer.activation is not None:
        return build_layer(network, replace(layer, activation=_blank(layer, layer.activation)), schemes)
    return build_layer(network, layer, schemes)


def _blank(layer: Layer, activation: Activation) -> Activation:
    """An activation that takes as long: a table is loaded first, slopes of channels with their parameters, and where
    there are slopes an addition has no product left."""
    if activation.slopes:
        return Activation(ActivationKind.PRELU, slopes=tuple(0.5 for _ in activation.slopes))
    if activation.kind in CLAMPING:
        return Activation(ActivationKind.RELU)
    return Activation(ActivationKind.SIGMOID) if looks_up(layer) else Activation(ActivationKind.LEAKY_RELU, 0.5)
