"""What a Python host knows of a project's data: the program, its tensors, and the memory that is spread over ports."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

INPUT_ROLE, OUTPUT_ROLE, NO_TENSOR = 1, 2, 0xFFFFFFFF
COMMAND_BYTES = 96 * 4


@dataclass(frozen=True)
class Tensor:
    """A tensor in the device buffer: its place, its layout (0 is C16, 1 is HWC), its shape."""

    role: int
    layout: int
    address: int
    size_bytes: int
    row_bytes: int
    plane_bytes: int
    channels: int
    height: int
    width: int

    def place(self, c: int, y: int, x: int) -> int:
        """Offset of a value in the tensor's bytes."""
        inside = c // 16 * self.plane_bytes + 16 * x + c % 16 if self.layout == 0 else x * self.channels + c
        return y * self.row_bytes + inside


class OverlayData:
    """The folder ``data`` of a project whose kernel has ``ports`` memory ports of ``port_bytes`` bytes."""

    def __init__(self, folder: Path, ports: int, port_bytes: int) -> None:
        self.folder, self.ports, self.port_bytes = folder, ports, port_bytes
        self.image = (folder / "program.bin").read_bytes() + (folder / "weights.bin").read_bytes()
        self.command_count = self._words(32, 1)[0]
        self.commands_address = self._long(12)
        self.bytes_per_port = (self._long(34) // (ports * port_bytes) + 2) * port_bytes
        tensors = self._long(16)
        self.tensors = [self._tensor(tensors + 128 * i) for i in range(self._words(40, 1)[0])]
        layers = self._long(14)
        self.outputs = [self._words(layers + 32 * i, 8)[4] for i in range(self._words(36, 1)[0])]

    def _words(self, at: int, count: int) -> tuple[int, ...]:
        return struct.unpack_from(f"<{count}I", self.image, at)

    def _long(self, index: int) -> int:
        (value,) = struct.unpack_from("<Q", self.image, 4 * index)
        return int(value)

    def _tensor(self, at: int) -> Tensor:
        w = self._words(at, 13)
        return Tensor(w[2], w[3], w[4] | w[5] << 32, w[6] | w[7] << 32, *w[8:13])

    def _beats(self, address: int, count: int) -> Iterator[tuple[int, int, int, int]]:
        """(port, offset in its memory, offset in the data, bytes) of every beat of a range; it starts at a beat."""
        for offset in range(0, count, self.port_bytes):
            beat = (address + offset) // self.port_bytes
            yield beat % self.ports, beat // self.ports * self.port_bytes, offset, min(self.port_bytes, count - offset)

    def write(self, memories: Sequence[memoryview], address: int, content: bytes) -> None:
        """Writes bytes of the device buffer to the memories of the ports."""
        for port, at, start, count in self._beats(address, len(content)):
            memories[port][at : at + count] = content[start : start + count]

    def load(self, memories: Sequence[memoryview]) -> None:
        """Writes the program and its input."""
        self.write(memories, 0, self.image)
        inputs, at = (self.folder / "input.bin").read_bytes(), 0
        for t in self.tensors:
            if t.role == INPUT_ROLE:
                self.write(memories, t.address, inputs[at : at + t.size_bytes])
                at += t.size_bytes

    def outputs_equal(self, memories: Sequence[memoryview]) -> bool:
        """Compares the program's outputs with golden.bin and prints the first difference of each, and the result."""
        golden, at, equal = (self.folder / "golden.bin").read_bytes(), 0, True
        for output in self.outputs:
            if output == NO_TENSOR:
                continue
            t = self.tensors[output]
            count = t.channels * t.height * t.width
            if t.role == OUTPUT_ROLE:
                equal = self._equal(t, memories, golden[at : at + count]) and equal
            at += count
        print("PASS" if equal else "FAIL")
        return equal

    def _equal(self, t: Tensor, memories: Sequence[memoryview], golden: bytes) -> bool:
        stored = bytearray(t.size_bytes)
        for port, at, start, count in self._beats(t.address, len(stored)):
            stored[start : start + count] = memories[port][at : at + count]
        for k, expected in enumerate(golden):
            c, y, x = k // (t.height * t.width), k // t.width % t.height, k % t.width
            got = stored[t.place(c, y, x)]
            if got != expected:
                signed = [value - 256 if value > 127 else value for value in (expected, got)]
                print(f"MISMATCH channel {c} row {y} column {x}: expected {signed[0]}, got {signed[1]}")
                return False
        return True


def project_settings(project: Path) -> dict[str, str]:
    """The settings of ``config.mk`` by name."""
    lines = (project / "config.mk").read_text().splitlines()
    return dict(line.split(" := ", 1) for line in lines if " := " in line)
