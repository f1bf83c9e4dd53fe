"""Mapping parts of the RTL to a device by Yosys, and what they take."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from dynamap.backends.vitis_rtl.project.mapping import Resources, map_sources, read_statistics
from dynamap.backends.vitis_rtl.sources import SYNTHESISED, write_sources
from dynamap.cost.multiplier import DSP48E1

__all__ = ["Resources", "read_statistics", "synthesise"]


def synthesise(top: str, parameters: Mapping[str, int]) -> Resources:
    """Map module ``top`` with these parameters, flat, without the pads of a chip; ``FactorBits`` says to which family.

    Raises:
        InputError: Yosys is missing, or refuses the sources or the parameters.
    """
    with tempfile.TemporaryDirectory(prefix="dynamap-synthesis-") as name:
        folder = Path(name)
        write_sources(folder, SYNTHESISED)
        older = parameters.get("FactorBits") == DSP48E1.wide_bits
        return map_sources(folder, top, parameters, SYNTHESISED, "DSP48E1" if older else "DSP48E2")
