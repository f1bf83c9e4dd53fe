"""The device buffer as bytes: blocks of rows in and out of the formats, every byte counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynamap.backends.program.specification import FormatCode
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.machine import UNIT_BYTES

Int8Array = npt.NDArray[np.int8]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Stored:
    """A tensor, or a range of its planes: where it is and its pitches."""

    format: FormatCode
    address: int
    row_bytes: int
    plane_bytes: int
    channels: int
    height: int
    width: int


class Memory:
    """The device buffer. ``bytes_read`` and ``bytes_written`` count what LOAD and STORE have moved."""

    def __init__(self, image: bytes, size: int) -> None:
        self.data = np.zeros(size, np.uint8)
        self.data[: len(image)] = np.frombuffer(image, np.uint8)
        self.bytes_read = 0
        self.bytes_written = 0

    def view(self, address: int, size: int) -> Bytes:
        """``size`` bytes from ``address`` on, not counted.

        Raises:
            InputError: they are not all in the buffer.
        """
        if not 0 <= address <= address + size <= len(self.data):
            raise InputError(f"the program reaches address {address + size} and its memory ends at {len(self.data)}")
        return self.data[address : address + size]

    def read(self, address: int, size: int) -> Bytes:
        """One run."""
        self.bytes_read += size
        return self.view(address, size)

    def load(self, stored: Stored, start: int, rows: int, fill: int) -> Int8Array:
        """``rows`` x width x channels, the channels rounded up to 16; those beyond the last hold ``fill``."""
        units = ceil_div(stored.channels, UNIT_BYTES)
        size = rows * stored.row_bytes
        if stored.format is FormatCode.C16:
            planes = [
                self.read(stored.address + unit * stored.plane_bytes + start * stored.row_bytes, size)
                for unit in range(units)
            ]
            block = np.stack(planes).view(np.int8).reshape(units, rows, -1, UNIT_BYTES)[:, :, : stored.width]
            pixels = block.transpose(1, 2, 0, 3).reshape(rows, stored.width, units * UNIT_BYTES)
            pixels[:, :, stored.channels :] = fill
            return pixels
        assert stored.format is FormatCode.HWC
        run = self.read(stored.address + start * stored.row_bytes, size).view(np.int8).reshape(rows, -1)
        pixels = np.full((rows, stored.width, units * UNIT_BYTES), fill, np.int8)
        whole = run[:, : stored.width * stored.channels].reshape(rows, stored.width, stored.channels)
        pixels[:, :, : stored.channels] = whole
        return pixels

    def load_windows(self, stored: Stored, start: int, rows: int, windows: int, window_bytes: int) -> Int8Array:
        """``rows`` x ``windows`` x ``window_bytes`` of a toeplitz tensor."""
        run = self.read(stored.address + start * stored.row_bytes, rows * stored.row_bytes).view(np.int8)
        return run.reshape(rows, -1)[:, : windows * window_bytes].reshape(rows, windows, window_bytes)

    def store(self, stored: Stored, first_channel: int, start: int, values: Int8Array) -> None:
        """Writes ``values``, channels x rows x width, from channel ``first_channel`` and row ``start`` on.

        Bytes that no channel or pixel owns become 0.
        """
        channels, rows, width = values.shape
        assert width == stored.width
        size = rows * stored.row_bytes
        if stored.format is FormatCode.C16:
            assert first_channel % UNIT_BYTES == 0
            units = ceil_div(channels, UNIT_BYTES)
            block = np.zeros((units, rows, stored.row_bytes // UNIT_BYTES, UNIT_BYTES), np.int8)
            whole = np.zeros((units * UNIT_BYTES, rows, width), np.int8)
            whole[:channels] = values
            block[:, :, :width] = whole.reshape(units, UNIT_BYTES, rows, width).transpose(0, 2, 3, 1)
            for unit in range(units):
                plane = first_channel // UNIT_BYTES + unit
                address = stored.address + plane * stored.plane_bytes + start * stored.row_bytes
                self.view(address, size)[:] = block[unit].reshape(-1).view(np.uint8)
                self.bytes_written += size
            return
        assert stored.format is FormatCode.HWC and first_channel == 0 and channels == stored.channels
        lines = np.zeros((rows, stored.row_bytes), np.int8)
        lines[:, : width * channels] = values.transpose(1, 2, 0).reshape(rows, -1)
        self.view(stored.address + start * stored.row_bytes, size)[:] = lines.reshape(-1).view(np.uint8)
        self.bytes_written += size
