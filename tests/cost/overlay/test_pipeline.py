"""The vectorised makespan against a plain loop over events, written from docs/overlay.md, section 6."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.cost.overlay.machine import PASS_OVERHEAD
from dynamap.cost.overlay.pipeline import Block, Pass, makespan
from support.pass_reference import Times, pass_cycles


def random_passes(rng: np.random.Generator, size: int, inputs_stream: bool, stores: bool) -> Pass:
    """Blocks whose bottleneck is anywhere: each unit gets a scale of its own."""

    def column(high: int = 100) -> np.ndarray:
        scale = rng.choice([0, 3, high], size)
        return rng.integers(0, scale + 1)

    def block() -> Block:
        return Block(column(), column(), column(), column(), column())

    return Pass(
        blocks=rng.integers(1, 41, size),
        prologue_transfer=column(400),
        prologue_place=np.zeros(size, np.int64) if inputs_stream else column(400),
        block=block(),
        last=block(),
        fill=column(),
        after=column(),
        read_latency=int(rng.integers(0, 70)),
        write_latency=int(rng.integers(0, 70)),
        stores=stores,
        stages=rng.integers(1, 9, size) if inputs_stream else None,
    )


def plain(block: Block, i: int) -> Times:
    return Times(*(int(getattr(block, name)[i]) for name in ("transfer", "place", "compute", "post", "store")))


@pytest.mark.parametrize("stores", [True, False])
@pytest.mark.parametrize("inputs_stream", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_makespan_is_the_event_loop(seed: int, inputs_stream: bool, stores: bool) -> None:
    rng = np.random.default_rng(seed)
    work = random_passes(rng, 400, inputs_stream, stores)
    cycles = makespan(work)
    bound = work.lower_bound()
    for i in range(len(work.blocks)):
        blocks = [plain(work.block, i)] * int(work.blocks[i] - 1) + [plain(work.last, i)]
        expected = pass_cycles(
            blocks,
            (int(work.prologue_transfer[i]), int(work.prologue_place[i])),
            int(work.fill[i]),
            int(work.after[i]),
            (work.read_latency, work.write_latency),
            stages=None if work.stages is None else int(work.stages[i]),
            stores=stores,
        )
        assert cycles[i] == expected
        assert bound[i] <= expected


def test_one_block_by_hand() -> None:
    """L0 0-10; P 10-30 arrives in 2 stages, so C starts at 10 + 10 + r 5 + fill 3 = 28 and could end at 48, but the
    second stage has its weights at 30 + 5 = 35 and takes 10: at least 45. Post 48 + 4 .. 59, store 59-66, w 6."""

    def one(value: int) -> np.ndarray:
        return np.array([value], np.int64)

    block = Block(one(10), one(2), one(20), one(7), one(7))
    work = Pass(one(1), one(20), one(0), block, block, one(3), one(4), 5, 6, True, one(2))
    assert makespan(work).tolist() == [PASS_OVERHEAD + 48 + 4 + 7 + 7 + 6]
