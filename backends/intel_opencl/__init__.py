"""The Intel OpenCL backend: a project for Intel devices that builds the overlay, and Intel's FPGA emulator here."""

from dynamap.backends.intel_opencl.backend import IntelOpencl

backend = IntelOpencl()

__all__ = ["IntelOpencl", "backend"]
