"""The control slave: a host's reads and writes by AXI4-Lite, the handshake of a kernel, and its interrupt."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dynamap.backends.vitis_rtl.records import Field, Record
from dynamap.backends.vitis_rtl.simulation import Bench, Simulations

IntArray = npt.NDArray[np.int64]

ARGUMENTS, STATUSES = 4, 2
INPUTS = Record(
    (
        *(Field(name) for name in ("rst", "awvalid", "wvalid", "bready", "arvalid", "rready", "done")),
        Field("wstrb", 4),
        Field("wdata", 32),
        Field("awaddr", 12),
        Field("araddr", 12),
        Field("statuses", 32, STATUSES),
        Field("window_data", 32),
    )
)
OUTPUTS = Record(
    (
        *(Field(name) for name in ("awready", "wready", "bvalid", "arready", "rvalid", "interrupt", "start")),
        Field("bresp", 2),
        Field("rresp", 2),
        Field("rdata", 32),
        Field("arguments", 32, ARGUMENTS),
        Field("window_read"),
        Field("window_word", 9),
    )
)
BENCH = Bench("control_bench", (("Arguments", ARGUMENTS), ("AddressBits", 12)), INPUTS, OUTPUTS)

START, DONE, IDLE, READY, AGAIN = 1, 2, 4, 8, 128


@dataclass
class Host:
    """Reads and writes, each a few cycles behind the one before; what the reads must find."""

    cycles: int
    values: dict[str, IntArray] = field(default_factory=dict)
    at: int = 4
    expected: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.values = {item.name: np.zeros((self.cycles, item.count), np.int64) for item in INPUTS.fields}
        self.values["rst"][:2] = 1
        self.values["bready"][:] = self.values["rready"][:] = 1

    def write(self, address: int, data: int, strobes: int = 15, *, data_late: int = 0) -> None:
        """The address stands until its data is there."""
        end = self.at + data_late
        self.values["awvalid"][self.at : end + 1] = 1
        self.values["awaddr"][self.at : end + 1] = address
        self.values["wvalid"][end] = 1
        self.values["wdata"][end], self.values["wstrb"][end] = data, strobes
        self.at = end + 2

    def read(self, address: int, expected: int) -> None:
        """A word, there a cycle after it was asked for."""
        self.values["arvalid"][self.at] = 1
        self.values["araddr"][self.at] = address
        self.expected.append((self.at + 1, expected))
        self.at += 2

    def done(self) -> None:
        """The kernel ends."""
        self.values["done"][self.at] = 1
        self.at += 1

    def run(self, simulations: Simulations) -> dict[str, IntArray]:
        seen = simulations.run(BENCH, self.values)
        for cycle, value in self.expected:
            assert seen["rvalid"][cycle, 0] == 1
            assert seen["rdata"][cycle, 0] == value, f"cycle {cycle}: {seen['rdata'][cycle, 0]:#x}, not {value:#x}"
        assert not seen["bresp"][4:].any() and not seen["rresp"][4:].any()
        return seen


def test_a_kernel_is_started_and_says_when_it_is_done(simulations: Simulations) -> None:
    """The bits of 0x00 as Vitis reads them: done and ready are cleared by reading, start stays until ready."""
    host = Host(120)
    host.read(0x00, IDLE)
    host.write(0x00, START)
    started = host.at - 1
    host.read(0x00, START)
    host.read(0x00, START)
    host.done()
    host.read(0x00, DONE | READY | IDLE)
    host.read(0x00, IDLE)
    host.write(0x00, START)
    again = host.at - 1
    host.done()
    host.read(0x00, DONE | READY | IDLE)
    seen = host.run(simulations)
    assert np.flatnonzero(seen["start"][:, 0]).tolist() == [started, again]


def test_a_kernel_starts_again_where_it_is_asked_to(simulations: Simulations) -> None:
    host = Host(120)
    host.write(0x00, START | AGAIN)
    first = host.at - 1
    host.read(0x00, START | AGAIN)
    host.done()
    second = host.at
    host.read(0x00, START | DONE | READY | AGAIN)
    host.write(0x00, 0)
    host.done()
    host.read(0x00, DONE | READY | IDLE)
    seen = host.run(simulations)
    assert np.flatnonzero(seen["start"][:, 0]).tolist() == [first, second]


def test_arguments_are_written_byte_by_byte(simulations: Simulations) -> None:
    """From 0x10 on; data may come later than its address; what is behind the last argument is not written."""
    host = Host(120)
    for number in range(ARGUMENTS):
        host.write(0x10 + 4 * number, 0x01010101 * (number + 1), data_late=number)
    host.write(0x14, 0xAABBCCDD, 0b0110)
    host.write(0x10 + 4 * ARGUMENTS, 0xFFFFFFFF)
    for number, value in enumerate((0x01010101, 0x02BBCC02, 0x03030303, 0x04040404, 0)):
        host.read(0x10 + 4 * number, value)
    seen = host.run(simulations)
    assert seen["arguments"][host.at].tolist() == [0x01010101, 0x02BBCC02, 0x03030303, 0x04040404]


def test_statuses_and_a_window_can_be_read(simulations: Simulations) -> None:
    """Statuses lie behind the arguments; the upper half of the addresses is a memory's, a cycle later."""
    host = Host(60)
    host.values["statuses"][:] = [0x11112222, 0x33334444]
    host.values["window_data"][:, 0] = 0x1000 + np.arange(60)
    for number, value in enumerate((0x11112222, 0x33334444, 0)):
        host.read(0x10 + 4 * (ARGUMENTS + number), value)
    for word in (0, 5, 511):
        asked = host.at
        host.read(0x800 + 4 * word, 0x1000 + asked + 1)
    seen = host.run(simulations)
    asked = np.flatnonzero(host.values["arvalid"][:, 0])
    assert seen["window_read"][asked, 0].all() and seen["window_word"][asked[3:], 0].tolist() == [0, 5, 511]


def test_the_interrupt_is_raised_by_what_is_enabled_and_taken_back_by_a_written_one(simulations: Simulations) -> None:
    host = Host(120)
    host.write(0x08, 0b01)
    host.write(0x00, START)
    host.done()
    before = host.at
    host.read(0x0C, 0b01)
    host.write(0x04, 1)
    raised = host.at
    host.read(0x04, 1)
    host.write(0x0C, 0b01)
    host.read(0x0C, 0)
    cleared = host.at
    seen = host.run(simulations)["interrupt"][:, 0]
    assert not seen[4:before].any() and seen[raised] and not seen[cleared]


def test_answers_wait_until_they_are_taken(simulations: Simulations) -> None:
    """While a response or a word stands, no other is taken, and it does not change."""
    host = Host(60)
    host.write(0x10, 7)
    host.values["rready"][host.at : host.at + 6] = 0
    begin = host.at
    host.read(0x10, 7)
    host.values["arvalid"][begin : begin + 6] = 1
    host.values["araddr"][begin + 1 : begin + 6] = 0
    seen = host.run(simulations)
    assert seen["rdata"][begin + 1 : begin + 7, 0].tolist() == [7] * 6
    assert not seen["arready"][begin + 1 : begin + 6].any()
