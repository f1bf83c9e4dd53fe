"""What a Python host knows of a project's data: the program, its tensors, and the memory that is spread over ports."""

import argparse
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from overlay_picture import class_lines, stored_picture
from overlay_tensor import Tensor
from picture import is_picture

INPUT_ROLE, OUTPUT_ROLE, NO_TENSOR = 1, 2, 0xFFFFFFFF


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
        w = self._words(at, 27)
        scale, zero_point = struct.unpack_from("<fi", self.image, at + 4 * 13)
        windows = (w[15], (w[16], w[17]), (w[18], w[19]), (w[20], w[21]), (w[22], w[23]), (w[24], w[25]))
        return Tensor(w[2], w[3], w[4] | w[5] << 32, w[6] | w[7] << 32, *w[8:13], scale, zero_point, w[26], *windows)

    def _beats(self, address: int, count: int) -> Iterator[tuple[int, int, int, int]]:
        """(port, offset in its memory, offset in the data, bytes) of every beat of a range; it starts at a beat."""
        for offset in range(0, count, self.port_bytes):
            beat = (address + offset) // self.port_bytes
            yield beat % self.ports, beat // self.ports * self.port_bytes, offset, min(self.port_bytes, count - offset)

    def write(self, memories: Sequence[memoryview], address: int, content: bytes) -> None:
        """Writes bytes of the device buffer to the memories of the ports."""
        for port, at, start, count in self._beats(address, len(content)):
            memories[port][at : at + count] = content[start : start + count]

    def load(self, memories: Sequence[memoryview], values: Path | None = None) -> None:
        """Writes the program and its input: input.bin, or ``values``, a picture or the model's own types.

        Raises:
            ValueError: the file is too short or too long, holds NaN, or is no picture for this network; or Pillow is
                missing.
        """
        self.write(memories, 0, self.image)
        if values is not None and is_picture(values):
            places = [t for t in self.tensors if t.role == INPUT_ROLE]
            if len(places) != 1:
                raise ValueError(f"a picture is for a network of one input, and this one has {len(places)}")
            (t,) = places
            self.write(memories, t.address, t.laid_out(stored_picture(values, t, self.folder)))
            return
        path = values or self.folder / "input.bin"
        inputs, at = path.read_bytes(), 0
        for t in self.tensors:
            if t.role == INPUT_ROLE:
                size = t.declared_bytes if values else t.size_bytes
                part = inputs[at : at + size]
                if len(part) < size:
                    raise ValueError(f"{path} is too short")
                self.write(memories, t.address, t.laid_out(t.stored_values(part)) if values else part)
                at += size
        if at != len(inputs):
            raise ValueError(f"{path} is too long")

    def finish(self, memories: Sequence[memoryview], values: Path | None, output: Path | None) -> int:
        """After a run: writes the outputs if wanted, compares them if the input is input.bin; the exit status.

        Prints the classes of an input that is not input.bin.
        """
        if output is not None:
            self.write_outputs(memories, output)
        outputs = [t for t in self.tensors if t.role == OUTPUT_ROLE]
        if values is not None and len(outputs) == 1:
            for line in class_lines(outputs[0], outputs[0].values(self.stored(outputs[0], memories)), self.folder):
                print(line)
        return 0 if values is not None or self.outputs_equal(memories) else 1

    def write_outputs(self, memories: Sequence[memoryview], path: Path) -> None:
        """Writes the tensors that the host reads in the model's own types, in the order of the program's tensors."""
        outputs = [t for t in self.tensors if t.role == OUTPUT_ROLE]
        path.write_bytes(b"".join(t.declared_values(t.values(self.stored(t, memories))) for t in outputs))

    def real_outputs(self, memories: Sequence[memoryview]) -> list[list[float]]:
        """The real values of the tensors that the host reads, C x H x W, in the order of the program's tensors."""
        outputs = [t for t in self.tensors if t.role == OUTPUT_ROLE]
        return [[(v - t.zero_point) * t.scale for v in t.values(self.stored(t, memories))] for t in outputs]

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

    def stored(self, t: Tensor, memories: Sequence[memoryview]) -> bytes:
        """The bytes of a tensor in the memories of the ports."""
        stored = bytearray(t.size_bytes)
        for port, at, start, count in self._beats(t.address, len(stored)):
            stored[start : start + count] = memories[port][at : at + count]
        return bytes(stored)

    def _equal(self, t: Tensor, memories: Sequence[memoryview], golden: bytes) -> bool:
        stored = self.stored(t, memories)
        for k, expected in enumerate(golden):
            c, y, x = k // (t.height * t.width), k // t.width % t.height, k % t.width
            got = stored[t.place(c, y, x)]
            if got != expected:
                signed = [value - 256 if value > 127 else value for value in (expected, got)]
                print(f"MISMATCH channel {c} row {y} column {x}: expected {signed[0]}, got {signed[1]}")
                return False
        return True


def add_value_files(parser: argparse.ArgumentParser) -> None:
    """The options for an input of one's own and for the outputs."""
    parser.add_argument("--input", type=Path, help="a picture (.png, .jpg, .bmp), or values in the model's own types")
    parser.add_argument("--output", type=Path, help="write the program's outputs, in the model's own types")


def project_settings(project: Path) -> dict[str, str]:
    """The settings of ``config.mk`` by name."""
    lines = (project / "config.mk").read_text().splitlines()
    return dict(line.split(" := ", 1) for line in lines if " := " in line)


def told(error: Exception) -> str:
    """An error in plain words: of the system's its file and its reason, without its number."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return str(error)
