"""Hand-written files that every project gets, and reading such files from an installed package."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources

HOST_HEADERS = ("program_file.h", "values.h", "device_run.h")
KERNEL_HEADERS = (
    "language.h",
    "records.h",
    "arithmetic.h",
    "winograd.h",
    "window.h",
    "sums.h",
    "flow_state.h",
    "flow_ns.h",
    "flow_stationary.h",
    "flow.h",
    "pe.h",
    "array.h",
    "order.h",
    "pooling.h",
    "pooling_unit.h",
    "vector.h",
    "memory.h",
    "slices.h",
    "walk_load.h",
    "transform.h",
    "walk_post.h",
    "walk_store.h",
)
PYTHON_HOST = ("overlay_data.py", "overlay_tensor.py")


def package_files(package: str, folder: str, names: Iterable[str]) -> dict[str, bytes]:
    """The files of these names in a folder of a package, by name."""
    root = resources.files(package) / folder
    return {name: (root / name).read_bytes() for name in names}


def host_headers() -> dict[str, bytes]:
    """What C++ hosts include: the reader of program files, and running and comparing a program on a device."""
    return package_files("dynamap.backends.hardware", "host", HOST_HEADERS)


def python_host_files() -> dict[str, bytes]:
    """What Python hosts import: the reader of program files and their tensors, and comparing outputs."""
    return package_files("dynamap.backends.hardware", "host", PYTHON_HOST)


def kernel_headers() -> dict[str, bytes]:
    """What kernels in C++ and in OpenCL C include: records, arithmetic, windows, dataflows, transfers."""
    return package_files("dynamap.backends.hardware", "kernel", KERNEL_HEADERS)
