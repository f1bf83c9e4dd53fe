"""Hand-written files that every project gets, and reading such files from an installed package."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources

HOST_HEADERS = ("program_file.h", "values.h", "picture.h", "picture_input.h", "device_run.h")
KERNEL_ROOMS = {
    "arithmetic": (
        "language.h",
        "times.h",
        "records.h",
        "arithmetic.h",
        "winograd.h",
        "window.h",
        "sums.h",
        "transform.h",
    ),
    "array": ("flow_state.h", "flow_ns.h", "flow_stationary.h", "flow.h", "pe.h", "array.h", "accumulate.h"),
    "vector": (
        "view.h",
        "slots.h",
        "places.h",
        "chunks.h",
        "products.h",
        "lrn.h",
        "pooling.h",
        "pooling_divisors.h",
        "pooling_unit.h",
        "vector.h",
    ),
    "memory": ("banks.h", "order.h", "memory.h", "slices.h", "walk_load.h", "walk_post.h", "walk_store.h"),
}
"""Headers by the folder of ``kernel`` that they lie in; a project has them side by side."""
PYTHON_HOST = ("overlay_data.py", "overlay_picture.py", "overlay_tensor.py", "model_steps.py")


def package_files(package: str, folder: str, names: Iterable[str]) -> dict[str, bytes]:
    """The files of these names in a folder of a package, by name."""
    root = resources.files(package) / folder
    return {name: (root / name).read_bytes() for name in names}


def host_headers() -> dict[str, bytes]:
    """What C++ hosts include: the reader of program files, and running and comparing a program on a device."""
    return package_files("dynamap.backends.hardware", "host", HOST_HEADERS)


def python_host_files() -> dict[str, bytes]:
    """What Python hosts import: the reader of program files and their tensors, pictures, and comparing outputs."""
    picture = package_files("dynamap.backends", "inputs", ("picture.py",))
    return package_files("dynamap.backends.hardware", "host", PYTHON_HOST) | picture


def kernel_headers() -> dict[str, bytes]:
    """What kernels in C++ and in OpenCL C include: records, arithmetic, windows, dataflows, transfers."""
    files: dict[str, bytes] = {}
    for room, names in KERNEL_ROOMS.items():
        files |= package_files("dynamap.backends.hardware", f"kernel/{room}", names)
    return files
