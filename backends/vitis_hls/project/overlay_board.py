"""Boards that run the packaged kernel by its registers: a Zynq under PYNQ, a card behind AMD's DMA driver for PCIe.

A board gives each port of the kernel a memory; the device buffer of docs/program.md is spread over them beat by beat.
"""

import os
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from overlay_data import OverlayData

CONTROL, START, DONE = 0x00, 1, 2
FIRST_ARGUMENT, LONG, SHORT = 0x10, 12, 8
"""Where the arguments begin, and bytes of registers for one of 64 bits and one of 32, as Vitis HLS lays them out."""
SECONDS = 60


def argument_registers(ports: int) -> dict[str, int]:
    """The register of every argument of the kernel, by name; one of 64 bits takes two, the lower half first.

    >>> argument_registers(1)
    {'read0': 16, 'write0': 28, 'counters': 40, 'commands_address': 52, 'command_count': 64}
    """
    memory = [f"{way}{port}" for way in ("read", "write") for port in range(ports)]
    names = [*memory, "counters", "commands_address", "command_count"]
    return {name: FIRST_ARGUMENT + LONG * place for place, name in enumerate(names)}


def differing_registers(header: str, ports: int) -> list[str]:
    """Sentences on registers that the tool has laid out otherwise, by the header that it packages (xoverlay_hw.h)."""
    found = {
        name.lower(): int(value, 16)
        for name, value in re.findall(r"#define\s+XOVERLAY_CONTROL_ADDR_(\w+)_DATA\s+(0x[0-9a-fA-F]+)", header)
    }
    sentences = []
    for name, place in argument_registers(ports).items():
        if name not in found:
            sentences.append(f"the header has no register of {name}")
        elif found[name] != place:
            sentences.append(f"{name} is at {found[name]:#x} and this program expects {place:#x}")
    return sentences


class Board(ABC):
    """Memories of the ports as the host sees them, where they lie for the kernel, and the kernel's registers."""

    memories: Sequence[memoryview]
    addresses: Sequence[int]
    counters_address: int

    @abstractmethod
    def to_device(self) -> None:
        """What the host wrote into the memories becomes what the kernel reads."""

    @abstractmethod
    def from_device(self) -> None:
        """What the kernel wrote becomes what the host reads."""

    @abstractmethod
    def write_register(self, offset: int, value: int) -> None:
        """Writes 32 bits."""

    @abstractmethod
    def read_register(self, offset: int) -> int:
        """Reads 32 bits."""

    def run(self, commands_address: int, count: int) -> float:
        """Runs commands of the program and waits; seconds.

        Raises:
            ValueError: the kernel does not finish.
        """
        ports = len(self.memories)
        values = [*self.addresses, *self.addresses, self.counters_address, commands_address]
        for (name, offset), value in zip(argument_registers(ports).items(), [*values, count], strict=True):
            self.write_register(offset, value & 0xFFFFFFFF)
            if name != "command_count":
                self.write_register(offset + 4, value >> 32)
        start = time.perf_counter()
        self.write_register(CONTROL, START)
        while not self.read_register(CONTROL) & DONE:
            if time.perf_counter() - start > SECONDS:
                raise ValueError(f"the kernel has not finished in {SECONDS} s: is this the bitstream of the project?")
        return time.perf_counter() - start


class PynqBoard(Board):
    """A Zynq under PYNQ: memories that processors and kernel share."""

    def __init__(self, bitstream: Path, data: OverlayData) -> None:
        from pynq import Overlay, allocate

        self._kernel = Overlay(str(bitstream)).kernel
        self._buffers = [allocate(shape=(data.bytes_per_port,), dtype="u1") for _ in range(data.ports)]
        self._counters = allocate(shape=(data.command_count * (1 + 2 * data.ports),), dtype="u8")
        self.memories = [memoryview(buffer).cast("B") for buffer in self._buffers]
        self.addresses = [buffer.device_address for buffer in self._buffers]
        self.counters_address = self._counters.device_address

    def to_device(self) -> None:
        for buffer in self._buffers:
            buffer.flush()

    def from_device(self) -> None:
        for buffer in self._buffers:
            buffer.invalidate()

    def write_register(self, offset: int, value: int) -> None:
        self._kernel.write(offset, value)

    def read_register(self, offset: int) -> int:
        return int(self._kernel.read(offset))


class XdmaBoard(Board):
    """A card in a PCIe slot, by the files of AMD's driver: ``DEVICE_h2c_0``, ``DEVICE_c2h_0`` and ``DEVICE_user``.

    Memory i begins at i x 2^32, as the block design has it; the counters lie behind the data of the first.
    """

    def __init__(self, device: str, data: OverlayData) -> None:
        self._write = os.open(f"{device}_h2c_0", os.O_WRONLY)
        self._read = os.open(f"{device}_c2h_0", os.O_RDONLY)
        self._registers = os.open(f"{device}_user", os.O_RDWR)
        self._contents = [bytearray(data.bytes_per_port) for _ in range(data.ports)]
        self.memories = [memoryview(content) for content in self._contents]
        self.addresses = [port << 32 for port in range(data.ports)]
        self.counters_address = -(-data.bytes_per_port // 4096) * 4096

    def to_device(self) -> None:
        for address, content in zip(self.addresses, self._contents, strict=True):
            at = 0
            while at < len(content):
                at += os.pwrite(self._write, self.memories[address >> 32][at:], address + at)

    def from_device(self) -> None:
        for address, content in zip(self.addresses, self._contents, strict=True):
            at = 0
            while at < len(content):
                part = os.pread(self._read, len(content) - at, address + at)
                if not part:
                    raise ValueError("the driver gave no data: is the card there (lspci -d 10ee:)?")
                content[at : at + len(part)] = part
                at += len(part)

    def write_register(self, offset: int, value: int) -> None:
        os.pwrite(self._registers, value.to_bytes(4, "little"), offset)

    def read_register(self, offset: int) -> int:
        return int.from_bytes(os.pread(self._registers, 4, offset), "little")


class OverlayNetwork:
    """The project's network on a board: loaded once, then run on image after image.

    In a notebook on the board::

        data = OverlayData(Path("data"), ports=4, port_bytes=8)
        network = OverlayNetwork(PynqBoard(Path("overlay.bit"), data), data)
        (scores,) = network.run(Path("photo.jpg"))
    """

    def __init__(self, board: Board, data: OverlayData) -> None:
        self.board, self.data = board, data
        self.seconds = 0.0
        """Of the last run, the kernel alone."""

    def run(self, image: Path | None = None) -> list[list[float]]:
        """The values of every output, C x H x W one after the other, for a picture or a file of values.

        ``image``: None for the project's own input.

        Raises:
            ValueError: the file is none for this network, or the kernel does not finish.
        """
        self.data.load(self.board.memories, image)
        self.board.to_device()
        self.seconds = self.board.run(self.data.commands_address, self.data.command_count)
        self.board.from_device()
        outputs: list[list[float]] = self.data.real_outputs(self.board.memories)
        return outputs
