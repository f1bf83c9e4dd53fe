"""Quantisation: calibration, schemes, the integers of every layer, and the reference executor."""

from dynamap.backends.quantise.layers import (
    ActivateArithmetic,
    AddArithmetic,
    AveragePoolArithmetic,
    ConcatArithmetic,
    ConvArithmetic,
    Finish,
    LayerArithmetic,
    Leaky,
    LrnArithmetic,
    MaxPoolArithmetic,
    MulArithmetic,
    QuantisedNetwork,
    Rescale,
    ResizeArithmetic,
    SliceArithmetic,
    SlopeArithmetic,
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
    "Leaky",
    "LrnArithmetic",
    "MaxPoolArithmetic",
    "MulArithmetic",
    "QuantisedNetwork",
    "Rescale",
    "ResizeArithmetic",
    "SliceArithmetic",
    "SlopeArithmetic",
    "quantise",
]
