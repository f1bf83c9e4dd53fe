#!/usr/bin/env python3
"""Runs the program on a board through XRT's Python bindings (pyxrt): host.py XCLBIN [DATA]."""

import sys
import time
from pathlib import Path

from overlay_data import OverlayData, project_settings


def main() -> int:
    """Loads the device image, runs the program once and compares its outputs; the exit status."""
    if len(sys.argv) < 2:
        print("usage: host.py XCLBIN [DATA]", file=sys.stderr)
        return 2
    try:
        import pyxrt
    except ImportError:
        print("host.py needs pyxrt: source setup.sh of XRT", file=sys.stderr)
        return 2
    project = Path(__file__).resolve().parent.parent
    settings = project_settings(project)
    ports = int(settings["PORTS"])
    data = OverlayData(Path(sys.argv[2]) if len(sys.argv) > 2 else project / "data", ports, int(settings["PORT_BYTES"]))
    device = pyxrt.device(0)
    uuid = device.load_xclbin(pyxrt.xclbin(sys.argv[1]))
    kernel = pyxrt.kernel(device, uuid, "overlay", pyxrt.kernel.shared)
    size = data.bytes_per_port
    banks = [pyxrt.bo(device, size, pyxrt.bo.normal, kernel.group_id(i)) for i in range(ports)]
    counters = pyxrt.bo(device, data.command_count * (1 + 2 * ports) * 8, pyxrt.bo.normal, kernel.group_id(2 * ports))
    memories = [memoryview(bank.map()) for bank in banks]
    data.load(memories)
    sync = pyxrt.xclBOSyncDirection
    for bank in banks:
        bank.sync(sync.XCL_BO_SYNC_BO_TO_DEVICE, size, 0)
    start = time.perf_counter()
    run = kernel(*banks, *banks, counters, data.commands_address, data.command_count)
    run.wait()
    print(f"{1000 * (time.perf_counter() - start):.3f} ms, Python and driver included")
    for bank in banks:
        bank.sync(sync.XCL_BO_SYNC_BO_FROM_DEVICE, size, 0)
    return 0 if data.outputs_equal(memories) else 1


if __name__ == "__main__":
    sys.exit(main())
