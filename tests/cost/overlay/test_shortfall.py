"""What is short is named, with the difference: a device with as much more holds the overlay, with one less not."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dynamap.cost.device import Device, load_device
from dynamap.cost.errors import InfeasibleError
from dynamap.cost.overlay.fitting.candidates import Candidates, require_array
from dynamap.cost.overlay.fitting.target import array_limit, machine_of

GAP = re.compile(
    r"(\d[\d,]*) ([\w -]+?)(?: \([^)]*that\))? where .*? (?:has|for|leaves) (\d[\d,]*) \((\d[\d,]*) too many\)"
)


def with_some(device: Device, **resources: int | None) -> Device:
    return replace(device, resources=replace(device.resources, **resources))


def refusal(device: Device, rows: int = 0, columns: int = 0) -> str | None:
    """Why a device holds no overlay, or not this array; None where it does."""
    machine = machine_of(device)
    try:
        candidates = Candidates.of(device, machine, array_limit(device, machine, 100))
        if rows:
            require_array(candidates, rows, columns, continued=True)
    except InfeasibleError as error:
        return str(error)
    return None


def gaps(message: str) -> dict[str, tuple[int, int, int]]:
    """By resource: needed, there, too many."""
    return {
        name: tuple(int(number.replace(",", "")) for number in (needed, there, gap))  # type: ignore[misc]
        for needed, name, there, gap in GAP.findall(message)
    }


@pytest.mark.parametrize(
    ("name", "field", "word"),
    [
        ("pynq-z2", "lut", "LUTs"),
        ("pynq-z2", "ff", "flip-flops"),
        ("stratix10-gx2800", "lut", "ALMs"),
        ("stratix10-gx2800", "ff", "registers"),
    ],
)
def test_logic(name: str, field: str, word: str) -> None:
    """Of the cells, the share that the shell leaves is there, so the device needs some more than the difference."""
    device = load_device(name)
    message = refusal(with_some(device, **{field: 9000}))
    assert message is not None and message.startswith(f"no array fits device '{name}': the smallest overlay")
    assert "use a larger --device" in message
    ((found, (needed, there, gap)),) = gaps(message).items()
    assert found == word and needed - there == gap

    def kernel(count: int) -> int:
        found: int = getattr(with_some(device, **{field: count}).resources, f"kernel_{field}")
        return found

    enough = next(count for count in range(needed, 2 * needed) if kernel(count) >= needed)
    assert refusal(with_some(device, **{field: enough})) is None
    assert gaps(refusal(with_some(device, **{field: enough - 1})) or "")[word][0] == needed


@pytest.mark.parametrize(
    ("name", "field", "word"),
    [
        ("pynq-z2", "bram36", "BRAM blocks of 36 Kb"),
        pytest.param("stratix10-gx2800", "m20k", "M20K blocks", marks=pytest.mark.full),
    ],
)
def test_memory_blocks(name: str, field: str, word: str) -> None:
    """With every count from nothing on: what is needed stays, and the first device that holds it lacks nothing."""
    device = load_device(name)
    assert "memory blocks where there is room for none" in (refusal(with_some(device, **{field: 0})) or "")
    found = []
    for count in range(4, 1000):
        message = refusal(with_some(device, **{field: count}))
        if message is None:
            break
        found.append(gaps(message)[word])
    needed = {one[0] for one in found}
    assert len(needed) == 1
    assert found[-1][2] in (1, 2)  # what is uncertain of the blocks is left free: 11 of 10 are one more
    assert all(there + gap == min(needed) for _, there, gap in found)


def test_a_budget_of_bytes() -> None:
    device = load_device("pynq-z2")
    message = refusal(with_some(device, on_chip_bytes=20 * 1024))
    assert message is not None and "a larger --on-chip budget" in message
    needed, there, gap = gaps(message)["bytes of on-chip memory"]
    assert (there, gap) == (20 * 1024, needed - there)
    assert refusal(with_some(device, on_chip_bytes=needed)) is None
    assert refusal(with_some(device, on_chip_bytes=needed - 1)) is not None


def test_multipliers() -> None:
    """16 lanes of a pynq-z2 take 48 multipliers, and an array at least one."""
    message = refusal(with_some(load_device("pynq-z2"), multipliers=40))
    assert message is not None and "need 48 multipliers, an array at least 1" in message
    assert "there are 40 for both (9 too few" in message and "raise --fill or --multipliers" in message
    assert refusal(with_some(load_device("pynq-z2"), multipliers=49)) is None


def test_an_array_with_too_many_columns() -> None:
    """Each column has accumulators of its own, of which a block of memory is the least."""
    message = refusal(load_device("u200"), 2, 1200)
    assert message is not None and "choose an --array with fewer rows or columns, or a larger --device" in message
    needed, there, gap = gaps(message)["BRAM blocks of 36 Kb"]
    assert needed > 1200 and needed - there == gap > 0
