"""The types that a model declares for its inputs and outputs."""

from __future__ import annotations

from enum import Enum


class ElementType(Enum):
    """By its name in ONNX and NumPy (which has no bfloat16)."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    FLOAT64 = "float64"
    BFLOAT16 = "bfloat16"
    INT8 = "int8"
    UINT8 = "uint8"

    @property
    def is_integer(self) -> bool:
        """True where values are integers that a scale and a zero point turn into real ones."""
        return self in (ElementType.INT8, ElementType.UINT8)
