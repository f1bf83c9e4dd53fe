"""The hand-written sources of the kernels."""

from __future__ import annotations

from dynamap.backends.hardware.sources import kernel_headers, package_files

KERNEL_SOURCES = ("overlay.cl", "load.cl", "feed.cl", "array.cl", "accumulate.cl", "post.cl", "store.cl")
KERNEL_HEADERS = ("channels.h", "waiting.h", "buffers.h", "multiplier.h", "widths.h")


def kernel_files() -> dict[str, bytes]:
    """All files but ``params.h``, by name; ``overlay.cl`` is the one to compile."""
    own = package_files("dynamap.backends.intel_opencl", "kernel", (*KERNEL_HEADERS, *KERNEL_SOURCES))
    return own | kernel_headers()
