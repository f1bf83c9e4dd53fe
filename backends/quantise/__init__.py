"""Quantisation: calibration, schemes, the integers of every layer, and the reference executor."""

from dynamap.backends.quantise.layers import (
    ActivateArithmetic,
    AddArithmetic,
    AveragePoolArithmetic,
    ConcatArithmetic,
    ConvArithmetic,
    Finish,
    LayerArithmetic,
    LrnArithmetic,
    MaxPoolArithmetic,
    MulArithmetic,
    QuantisedNetwork,
    Rescale,
    ResizeArithmetic,
)
from dynamap.backends.quantise.quantiser import quantise

__all__ = [
    "ActivateArithmetic",
    "AddArithmetic",
    "AveragePoolArithmetic",
    "ConcatArithmetic",
    "ConvArithmetic",
    "Finish",
    "LayerArithmetic",
    "LrnArithmetic",
    "MaxPoolArithmetic",
    "MulArithmetic",
    "QuantisedNetwork",
    "Rescale",
    "ResizeArithmetic",
    "quantise",
]
