#!/usr/bin/env python3
"""Runs the program once through pyopencl, on a board or on Intel's emulator, and compares its outputs.

    host.py --binary FILE.aocx [--emulator] [DATA]
    host.py --sources src --emulator [DATA]

--input is a picture (its classes are printed), or a file of values; these are in the model's own types, C x H x W, one
tensor after the other (overlay_tensor.py), as are those of --output.
Exit status: 0 all outputs equal, 1 a difference (the first one is named), 2 something is missing or wrong.
"""

import argparse
import os
import sys
from pathlib import Path

from model_steps import is_interrupted, run_model
from opencl_overlay import OpenclOverlay, OverlayError, memory_flag
from overlay_data import OverlayData, add_value_files, project_settings, told


def main() -> int:
    """Builds the kernels, runs the program and compares; the exit status."""
    project = Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=project / "data")
    kernels = parser.add_mutually_exclusive_group(required=True)
    kernels.add_argument("--binary", type=Path, help="the kernels as an .aocx file")
    kernels.add_argument("--sources", type=Path, help="the folder of overlay.cl, which the emulator compiles")
    parser.add_argument("--emulator", action="store_true", help="run on Intel's emulator")
    parser.add_argument("--time-limit", type=float, default=3600, help="seconds for a run (default: %(default)s)")
    add_value_files(parser)
    options = parser.parse_args()
    settings = project_settings(project)
    flags = [memory_flag(name) for name in settings["MEMORY_FLAGS"].split(",")]
    try:
        data = OverlayData(options.data, len(flags), int(settings["PORT_BYTES"]))
        overlay = OpenclOverlay(
            flags,
            emulator=options.emulator,
            binary=options.binary,
            sources=options.sources,
            time_limit_seconds=options.time_limit,
        )
        overlay.attach(data.bytes_per_port, data.command_count)
        if is_interrupted(options.data):

            def run(address: int, count: int) -> None:
                overlay.to_device()
                overlay.run(address, count)
                overlay.from_device()

            outcome: int = run_model(data, overlay.memories, run, options.input, options.output)
            return outcome
        data.load(overlay.memories, options.input)
        overlay.to_device()
        overlay.run(data.commands_address, data.command_count)
        overlay.from_device()
    except ImportError as error:
        print(f"host.py needs pyopencl and numpy (pip install pyopencl): {error}", file=sys.stderr)
        return 2
    except (OverlayError, OSError, ValueError) as error:
        print(f"host.py: {told(error)}", file=sys.stderr)
        sys.stderr.flush()
        os._exit(2)  # the runtime would wait for kernels that never end
    print(f"{overlay.milliseconds:.4f} ms by the device's clock (predicted: see predicted.json)")
    status: int = data.finish(overlay.memories, options.input, options.output)
    return status


if __name__ == "__main__":
    sys.exit(main())
