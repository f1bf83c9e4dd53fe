"""LUTs and flip-flops of whole kernels, as estimated, against what Yosys mapped (docs/rtl/resources.md)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dynamap.cost.device import Device, load_device
from dynamap.cost.overlay.fitting.candidates import Candidates
from dynamap.cost.overlay.fitting.extras import LEAST_EXTRAS, Extras
from dynamap.cost.overlay.fitting.logic.engines import MEASURED_WORD_BYTES, engine_ff, engine_lut
from dynamap.cost.overlay.fitting.logic.use import logic_fits, logic_use
from dynamap.cost.overlay.fitting.target import array_limit, machine_of


def device_with_words(word_bytes: int) -> Device:
    """A device with one memory port of so many bytes."""
    device = load_device("zcu104")
    return replace(device, system=replace(device.system, memory_ports=1, port_bytes=word_bytes))


@pytest.mark.parametrize(
    ("word_bytes", "rows", "columns", "extras", "lut", "ff"),
    [  # whole kernels, mapped flat; LEAST_EXTRAS: poolings sweep, and neither Winograd nor a normalisation is built
        (64, 16, 8, LEAST_EXTRAS, 62_235, 59_978),
        (64, 16, 8, replace(LEAST_EXTRAS, normalisation=True), 73_549, 69_897),
        (32, 16, 8, LEAST_EXTRAS, 41_736, 42_666),
    ],
)
def test_a_kernel_that_was_mapped_is_within_the_interval(
    word_bytes: int, rows: int, columns: int, extras: Extras, lut: int, ff: int
) -> None:
    device = device_with_words(word_bytes)
    estimates = logic_use(device, machine_of(device), rows, columns, extras)
    for estimate, mapped in zip(estimates, (lut, ff), strict=True):
        assert int(estimate.uncertainty_percent) <= 15
        assert abs(int(estimate.used) - mapped) * 100 <= 15 * mapped, (int(estimate.used), mapped)


def test_the_smallest_kernel_by_hand() -> None:
    # Words of 32 bytes, 16 lanes, 8 columns at a time, 16 x 8 with operands of 8 bits.
    # Fixed 11,400; 32 x 370 a byte of the word; 16 x 440 a lane; 8 x 225 a column: 32,080.
    # Windows: 16 rows x 8 bits x 3; weights: 16 bytes x 16; banks: 46 // 16 = 2 of both, of one stage:
    # 2 x (2 x 100 + 2 x 128); the corner of 16 by 8 bits, of two stages: 128 x (2 x 5 - 2).
    machine = machine_of(device_with_words(32))
    nothing = Extras(winograd=False, normalisation=False, sweeps=False)
    lut = engine_lut(machine, np.int64(16), np.int64(8), nothing)
    assert int(lut) == 32_080 + 384 + 256 + 912 + 1024
    # 16,000 + 32 x 350 + 16 x 325 + 8 x 100; 128 x 3; 16 x 17; 2 x (2 x 137 + 2 x 128); 128 x (2 x 2 + 1).
    ff = engine_ff(machine, np.int64(16), np.int64(8), nothing)
    assert int(ff) == 33_200 + 384 + 272 + 1060 + 640


def test_what_is_built_for_some_layers_alone_is_counted_for_them_alone() -> None:
    device = load_device("zcu104")
    machine = machine_of(device)
    least, _ = logic_use(device, machine, 16, 8, Extras(False, False, False))
    for extras, per_lane in ((Extras(False, False, True), 86), (Extras(False, True, False), 400)):
        more, _ = logic_use(device, machine, 16, 8, extras)
        assert int(more.used - least.used) == per_lane * machine.lanes


def test_wider_words_than_were_measured_are_less_sure() -> None:
    for name in ("zcu104", "u200"):
        device = load_device(name)
        machine = machine_of(device)
        lut, _ = logic_use(device, machine, 64, 48, LEAST_EXTRAS)
        assert (int(lut.uncertainty_percent) > 15) == (machine.word_bytes > MEASURED_WORD_BYTES)


def test_intel_devices_have_one_estimate() -> None:
    device = load_device("stratix10-gx2800")
    machine = machine_of(device)
    all_of_them = [logic_use(device, machine, 16, 8, extras) for extras in (Extras(), LEAST_EXTRAS)]
    assert [(e.used, e.uncertainty_percent) for e in all_of_them[0]] == [
        (e.used, e.uncertainty_percent) for e in all_of_them[1]
    ]


def test_arrays_that_are_considered_leave_room_for_what_the_kernel_has() -> None:
    device = load_device("pynq-z2")
    machine = machine_of(device)
    limit = array_limit(device, machine)
    with_normalisation = replace(LEAST_EXTRAS, normalisation=True)
    plain, fewer = (Candidates.of(device, machine, limit, extras) for extras in (LEAST_EXTRAS, with_normalisation))
    assert 0 < len(fewer.rows) < len(plain.rows)
    assert logic_fits(device, machine, fewer.rows, fewer.columns, with_normalisation).all()
