"""The vectorised makespan against a plain loop over events, written from docs/overlay.md, section 6."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.cost.overlay.pipeline import BLOCK_TIMES, Arrival, Block, Pass, makespan
from support.pass_reference import Delays, Times, pass_cycles


def random_passes(rng: np.random.Generator, size: int, inputs_stream: bool, stores: bool, direct: bool) -> Pass:
    """Blocks whose bottleneck is anywhere: each unit gets a scale of its own."""

    def column(high: int = 100) -> np.ndarray:
        scale = rng.choice([0, 3, high], size)
        return rng.integers(0, scale + 1)

    def block() -> Block:
        return Block(*(column() for _ in BLOCK_TIMES))

    prologue = column(400)
    transformed = rng.integers(0, 2, size) * (not direct)  # some of the passes
    blocks, whole, last = rng.integers(1, 41, size), block(), block()
    weights = prologue if inputs_stream else np.where(blocks > 1, whole.transfer, last.transfer)
    return Pass(
        blocks=blocks,
        prologue_transfer=prologue,
        prologue_place=np.zeros(size, np.int64) if inputs_stream else column(400),
        block=whole,
        last=last,
        transform=transformed * rng.integers(1, 90, size),
        fill=column(),
        after=column(),
        read_latency=int(rng.integers(0, 70)),
        write_latency=int(rng.integers(0, 70)),
        packing=column(),
        arrival=Arrival(weights // rng.integers(1, 9, size), column()),
        inputs_stream=inputs_stream,
        stores=stores,
        direct=direct,
    )


def plain(block: Block, i: int, transform: int) -> Times:
    names = ("transfer", "place", "occupied", "post", "store")
    return Times(*(int(getattr(block, name)[i]) for name in names), transform)


@pytest.mark.parametrize("stores, direct", [(True, False), (False, False), (True, True)])
@pytest.mark.parametrize("inputs_stream", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_makespan_is_the_event_loop(seed: int, inputs_stream: bool, stores: bool, direct: bool) -> None:
    rng = np.random.default_rng(seed)
    work = random_passes(rng, 400, inputs_stream, stores, direct)
    cycles = makespan(work)
    bound = work.lower_bound()
    for i in range(len(work.blocks)):
        transform = int(work.transform[i])
        blocks = [
            plain(block, i, transform if inputs_stream else 0)
            for block in [work.block] * int(work.blocks[i] - 1) + [work.last]
        ]
        expected = pass_cycles(
            blocks,
            (int(work.prologue_transfer[i]), int(work.prologue_place[i]), 0 if inputs_stream else transform),
            Delays(
                int(work.fill[i]),
                int(work.after[i]),
                int(work.packing[i]),
                work.read_latency,
                work.write_latency,
                direct,
            ),
            arrival=(int(work.arrival.first[i]), int(work.arrival.left[i])),
            inputs_stream=inputs_stream,
            stores=stores,
        )
        assert cycles[i] == expected
        assert bound[i] <= expected


def test_one_block_by_hand() -> None:
    """L0 0-10; P 10-30, whose first 10 cycles the first tile needs: C starts at 10 + 10 + r 5 + 8 to the buffer + fill
    3 = 36 and could end at 56, but at 30 + 5 + 8 + 3 = 46, when all weights are there, it has 14 cycles left: 60. Post
    60 + 4 .. 71; packed 2 later; stored 73 .. 80, on the ports 9 later; w 6; and 24 for the pass."""

    def one(value: int) -> np.ndarray:
        return np.array([value], np.int64)

    block = Block(one(10), one(2), one(20), one(20), one(7), one(7))
    arrival = Arrival(one(10), one(14))
    work = Pass(one(1), one(20), one(0), block, block, one(0), one(3), one(4), 5, 6, one(2), arrival, True)
    assert makespan(work).tolist() == [24 + 80 + 9 + 6]


def test_two_blocks_of_weights_by_hand() -> None:
    """P 0-10, placed at 12; L0 10-30, L1 30-50. The first tile needs 5 cycles of L0: C(0) starts at 15 + r 5 + 8 to the
    buffer + fill 3 = 31, could end at 51, but has 14 cycles left when all weights are there, at 30 + 16 = 46: 60. C(1)
    needs all of its own, at 50 + 16 = 66: 86. Post 90 .. 97, packed 99, stored .. 106, on the ports 9 later."""

    def one(value: int) -> np.ndarray:
        return np.array([value], np.int64)

    block = Block(one(20), one(0), one(20), one(20), one(7), one(7))
    work = Pass(
        one(2), one(10), one(12), block, block, one(0), one(3), one(4), 5, 6, one(2), Arrival(one(5), one(14)), False
    )
    assert makespan(work).tolist() == [24 + 106 + 9 + 6]
