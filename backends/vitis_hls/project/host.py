#!/usr/bin/env python3
"""Runs the program on a board through XRT's Python bindings (pyxrt): host.py XCLBIN [DATA]."""

import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

INPUT_ROLE, OUTPUT_ROLE, NO_TENSOR = 1, 2, 0xFFFFFFFF


def words(image: bytes, at: int, count: int) -> tuple[int, ...]:
    """``count`` 32-bit words of the image from byte ``at`` on."""
    return struct.unpack_from(f"<{count}I", image, at)


def long_at(image: bytes, index: int) -> int:
    """The 64-bit value that begins at word ``index`` of the header."""
    (value,) = struct.unpack_from("<Q", image, 4 * index)
    return int(value)


def beat_places(address: int, count: int, ports: int, port_bytes: int) -> Iterator[tuple[int, int, int, int]]:
    """(port, offset in its buffer, offset in the data, bytes) of every beat of a range; it starts at a beat."""
    for offset in range(0, count, port_bytes):
        beat = (address + offset) // port_bytes
        yield beat % ports, beat // ports * port_bytes, offset, min(port_bytes, count - offset)


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
    here = Path(__file__).resolve().parent.parent
    data = Path(sys.argv[2]) if len(sys.argv) > 2 else here / "data"
    settings = dict(line.split(" := ") for line in (here / "config.mk").read_text().splitlines() if " := " in line)
    ports, port_bytes = int(settings["PORTS"]), int(settings["PORT_BYTES"])
    image = (data / "program.bin").read_bytes() + (data / "weights.bin").read_bytes()
    device = pyxrt.device(0)
    uuid = device.load_xclbin(pyxrt.xclbin(sys.argv[1]))
    kernel = pyxrt.kernel(device, uuid, "overlay", pyxrt.kernel.shared)
    size = (long_at(image, 34) // (ports * port_bytes) + 2) * port_bytes
    banks = [pyxrt.bo(device, size, pyxrt.bo.normal, kernel.group_id(i)) for i in range(ports)]
    commands = words(image, 32, 1)[0]
    counters = pyxrt.bo(device, commands * (1 + 2 * ports) * 8, pyxrt.bo.normal, kernel.group_id(2 * ports))
    maps = [memoryview(bank.map()) for bank in banks]

    def write(address: int, content: bytes) -> None:
        for port, at, start, count in beat_places(address, len(content), ports, port_bytes):
            maps[port][at : at + count] = content[start : start + count]

    write(0, image)
    tensors = [words(image, long_at(image, 16) + 128 * i, 32) for i in range(words(image, 40, 1)[0])]
    inputs, at = (data / "input.bin").read_bytes(), 0
    for t in tensors:
        if t[2] == INPUT_ROLE:
            count = t[6] | t[7] << 32
            write(t[4] | t[5] << 32, inputs[at : at + count])
            at += count
    sync = pyxrt.xclBOSyncDirection
    for bank in banks:
        bank.sync(sync.XCL_BO_SYNC_BO_TO_DEVICE, size, 0)
    start = time.perf_counter()
    run = kernel(*banks, *banks, counters, long_at(image, 12), commands)
    run.wait()
    print(f"{1000 * (time.perf_counter() - start):.3f} ms, Python and driver included")
    for bank in banks:
        bank.sync(sync.XCL_BO_SYNC_BO_FROM_DEVICE, size, 0)

    golden, at, equal = (data / "golden.bin").read_bytes(), 0, True
    for i in range(words(image, 36, 1)[0]):
        output = words(image, long_at(image, 14) + 32 * i, 8)[4]
        if output == NO_TENSOR:
            continue
        t = tensors[output]
        channels, height, width = t[10:13]
        count = channels * height * width
        if t[2] == OUTPUT_ROLE:
            stored = bytearray(t[6] | t[7] << 32)
            for port, place, begin, some in beat_places(t[4] | t[5] << 32, len(stored), ports, port_bytes):
                stored[begin : begin + some] = maps[port][place : place + some]
            for k in range(count):
                c, y, x = k // (height * width), k // width % height, k % width
                where = y * t[8] + (c // 16 * t[9] + 16 * x + c % 16 if t[3] == 0 else x * channels + c)
                if stored[where] != golden[at + k]:
                    print(f"MISMATCH channel {c} row {y} column {x}: expected {golden[at + k]}, got {stored[where]}")
                    equal = False
                    break
        at += count
    print("PASS" if equal else "FAIL")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
