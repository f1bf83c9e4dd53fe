"""The process that holds the emulator: it builds the kernels once and runs programs on them until its input ends.

    python emulation_child.py FOLDER PORTS

``FOLDER`` holds the sources of the kernels. A request is a JSON object on a line of the standard input: ``memory`` (a
file with the device buffer), ``results`` (a file to write), ``port_bytes``, ``commands`` (how many the program has) and
``layers`` (for each: address and number of its commands, address and bytes of the tensor that it writes). There is a
line with an answer on the standard output after the build, and for every layer of a request: ``counters`` of the
commands, or ``error``. The tensors' bytes, as they are stored, are in ``results``, one layer behind the other.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import numpy as np


def main(folder: Path, ports: int) -> None:
    """Serves requests."""
    # What the emulator and its compiler print is not an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from opencl_overlay import OpenclOverlay, OverlayError

    try:
        overlay = OpenclOverlay([0] * ports, emulator=True, sources=folder)
        _answer(answers, {"built": True})
        for line in sys.stdin:
            _serve(overlay, json.loads(line), answers)
    except OverlayError as error:
        _answer(answers, {"error": str(error)})
    # The runtime would wait for kernels that never end.
    os._exit(0)


def _serve(overlay: Any, request: dict[str, Any], answers: TextIO) -> None:
    memory = np.fromfile(request["memory"], np.uint8)
    overlay.attach(memory.size // overlay.ports, request["commands"])
    views = [np.frombuffer(view, np.uint8) for view in overlay.memories]
    beats = memory.reshape(-1, overlay.ports, request["port_bytes"])
    for port, view in enumerate(views):
        view.reshape(-1, request["port_bytes"])[:] = beats[:, port]
    overlay.to_device()
    with open(request["results"], "wb") as results:
        for address, count, tensor, size in request["layers"]:
            counters = overlay.run(address, count) if count else []  # a concatenation in place has no command
            overlay.from_device()
            for port, view in enumerate(views):
                beats[:, port] = view.reshape(-1, request["port_bytes"])
            results.write(memory[tensor : tensor + size].tobytes())
            results.flush()
            _answer(answers, {"counters": counters})


def _answer(answers: TextIO, answer: dict[str, Any]) -> None:
    print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
