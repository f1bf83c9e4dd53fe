"""What a host that runs a program layer by layer leaves behind: a file of tensors and a text of counters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dynamap.backends.contract import LayerRun
from dynamap.backends.program import Program
from dynamap.backends.program.specification import NONE


def layer_runs(program: Program, ports: int, tensors: bytes, counters: Sequence[str]) -> Iterator[LayerRun]:
    """Every layer of the overlay with the tensor that it wrote and the kernel's own counters.

    ``tensors``: int8, C x H x W, layer by layer. ``counters``: a line per layer: cycles of the array or vector unit,
    bytes that each port read, bytes that each port wrote.
    """
    written = zip(program.layer_names, program.layers, strict=True)
    executed = [(name, entry) for name, entry in written if entry.output != NONE]
    at = 0
    for (name, entry), line in zip(executed, counters, strict=True):
        tensor = program.tensors[entry.output]
        shape = (tensor.channels, tensor.height, tensor.width)
        size = int(np.prod(shape))
        values = np.frombuffer(tensors, np.int8, size, at).reshape(shape)
        at += size
        yield LayerRun(name, program.tensor_names[entry.output], values, layer_counters(ports, line.split()))


def layer_counters(ports: int, counts: Sequence[int | str]) -> dict[str, int]:
    """A layer's counters by the names of the plan, from the kernel's own: cycles, bytes of each port read, written."""
    numbers = [int(count) for count in counts]
    return {
        "compute_cycles": numbers[0],
        "bytes_read": sum(numbers[1 : 1 + ports]),
        "bytes_written": sum(numbers[1 + ports :]),
    }
