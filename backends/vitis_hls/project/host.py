#!/usr/bin/env python3
"""Runs the program once on a board through XRT's Python bindings (pyxrt), and compares its outputs.

    host.py XCLBIN [DATA] [--input FILE] [--output FILE]

--input is a picture (its classes are printed), or a file of values; these are in the model's own types, C x H x W, one
tensor after the other (overlay_tensor.py), as are those of --output.
Exit status: 0 all outputs equal, 1 a difference (the first one is named), 2 something is missing or wrong.
"""

import argparse
import sys
import time
from pathlib import Path

from model_steps import is_interrupted, run_model
from overlay_data import OverlayData, add_value_files, project_settings, told


def main() -> int:
    """Loads the device image, runs the program once and compares its outputs; the exit status."""
    project = Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("xclbin", help="the device image")
    parser.add_argument("data", nargs="?", type=Path, default=project / "data")
    add_value_files(parser)
    options = parser.parse_args()
    try:
        import pyxrt
    except ImportError:
        print("host.py needs pyxrt: source setup.sh of XRT", file=sys.stderr)
        return 2
    settings = project_settings(project)
    ports = int(settings["PORTS"])
    data = OverlayData(options.data, ports, int(settings["PORT_BYTES"]))
    device = pyxrt.device(0)
    uuid = device.load_xclbin(pyxrt.xclbin(options.xclbin))
    kernel = pyxrt.kernel(device, uuid, "overlay", pyxrt.kernel.shared)
    size = data.bytes_per_port
    banks = [pyxrt.bo(device, size, pyxrt.bo.normal, kernel.group_id(i)) for i in range(ports)]
    counters = pyxrt.bo(device, data.command_count * (1 + 2 * ports) * 8, pyxrt.bo.normal, kernel.group_id(2 * ports))
    memories = [memoryview(bank.map()) for bank in banks]
    sync = pyxrt.xclBOSyncDirection
    if is_interrupted(options.data):

        def run_commands(address: int, count: int) -> None:
            for bank in banks:
                bank.sync(sync.XCL_BO_SYNC_BO_TO_DEVICE, size, 0)
            kernel(*banks, *banks, counters, address, count).wait()
            for bank in banks:
                bank.sync(sync.XCL_BO_SYNC_BO_FROM_DEVICE, size, 0)

        outcome: int = run_model(data, memories, run_commands, options.input, options.output)
        return outcome
    data.load(memories, options.input)
    for bank in banks:
        bank.sync(sync.XCL_BO_SYNC_BO_TO_DEVICE, size, 0)
    start = time.perf_counter()
    run = kernel(*banks, *banks, counters, data.commands_address, data.command_count)
    run.wait()
    print(f"{1000 * (time.perf_counter() - start):.3f} ms, Python and driver included")
    for bank in banks:
        bank.sync(sync.XCL_BO_SYNC_BO_FROM_DEVICE, size, 0)
    status: int = data.finish(memories, options.input, options.output)
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError) as error:
        print(f"host.py: {told(error)}", file=sys.stderr)
        sys.exit(2)
