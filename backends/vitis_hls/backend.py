"""What the entry point ``vitis-hls`` names."""

from __future__ import annotations

from dynamap.backends.executors import Executor
from dynamap.backends.vitis_hls.csim import CSimulationExecutor


class VitisHls:
    """AMD devices, Vitis HLS 2024.2."""

    name = "vitis-hls"
    vendor = "amd"

    def executor(self) -> Executor:
        """The kernel in C simulation."""
        return CSimulationExecutor()
