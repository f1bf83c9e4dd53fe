"""One pass against times worked out by hand from docs/overlay.md, section 6. Latencies are 0 where nothing is said.

All times in the comments count from the first transfer; a pass adds 32 cycles in front (PASS_OVERHEAD).
"""

from __future__ import annotations

from itertools import pairwise

from dynamap.backends.simulator.engine import BlockTimes, LoadTime, PassTimes, Span, Unit, run_pass

FRONT = 32


def pass_of(
    *blocks: BlockTimes,
    prologue: LoadTime | None = None,
    inputs_stream: bool = True,
    stages: int = 1,
    stores: bool = True,
    fill: int = 0,
    after: int = 0,
    read_latency: int = 0,
    write_latency: int = 0,
) -> PassTimes:
    return PassTimes(blocks, prologue, inputs_stream, stages, stores, fill, after, read_latency, write_latency)


def block(transfer: int, place: int, compute: int, post: int, store: int) -> BlockTimes:
    return BlockTimes(LoadTime(transfer, place), compute, post, store)


def spans_of(work: PassTimes, unit: Unit) -> list[tuple[int, int]]:
    return [(s.start - FRONT, s.end - FRONT) for s in run_pass(work).spans if s.unit is unit]


def test_one_block_is_a_chain() -> None:
    # L 0-100; operands 64 later (read) and 5 later (fill): C 169-219; 7 later (after): post 226-236; S 236-266; then 64
    # cycles for the response to the last write.
    work = pass_of(block(100, 20, 50, 10, 30), fill=5, after=7, read_latency=64, write_latency=64)
    assert spans_of(work, Unit.COMPUTE) == [(169, 219)]
    assert spans_of(work, Unit.POST) == [(226, 236)]
    assert spans_of(work, Unit.STORE) == [(236, 266)]
    assert run_pass(work).cycles == FRONT + 266 + 64


def test_a_load_waits_until_its_half_of_the_buffer_is_free() -> None:
    # L0 0-10, L1 10-20, C0 10-40. L2 needs the half of block 0: 40-50. S0 comes after L2: 50-55. C1 40-70, C2 70-100.
    # S1: 70-75, S2: 100-105.
    work = pass_of(*[block(10, 0, 30, 0, 5)] * 3)
    assert spans_of(work, Unit.LOAD) == [(0, 10), (10, 20), (40, 50)]
    assert spans_of(work, Unit.COMPUTE) == [(10, 40), (40, 70), (70, 100)]
    assert spans_of(work, Unit.STORE) == [(50, 55), (70, 75), (100, 105)]
    assert run_pass(work).cycles == FRONT + 105


def test_slow_stores_hold_back_post_and_through_it_compute() -> None:
    # L0 0-1, L1 1-2, C0 1-2, C1 2-3, L2 2-3. post0 2-12, S0 12-62, post1 12-22, S1 62-112.
    # C2 needs the accumulators of block 0, read out at 12: 12-13. post2 needs the output half of block 0, stored at 62:
    # 62-72. S2 112-162.
    work = pass_of(*[block(1, 0, 1, 10, 50)] * 3)
    assert spans_of(work, Unit.COMPUTE) == [(1, 2), (2, 3), (12, 13)]
    assert spans_of(work, Unit.POST) == [(2, 12), (12, 22), (62, 72)]
    assert spans_of(work, Unit.STORE) == [(12, 62), (62, 112), (112, 162)]
    assert run_pass(work).cycles == FRONT + 162


def test_placing_works_while_data_arrives_one_block_at_a_time() -> None:
    # L0 0-10, L1 10-20; placing takes 25 each: 0-25 and 25-50. C0 25-30, C1 50-55. S0 30-34, S1 55-59.
    work = pass_of(*[block(10, 25, 5, 0, 4)] * 2)
    assert spans_of(work, Unit.PLACE) == [(0, 25), (25, 50)]
    assert spans_of(work, Unit.COMPUTE) == [(25, 30), (50, 55)]
    assert run_pass(work).cycles == FRONT + 59


def test_block_0_computes_while_its_weights_arrive() -> None:
    # L0 0-10, weights 10-110 in 4 stages of 25. Stage 0 can be used at 10 + 25 + 3 and, with the fill, begins at 40;
    # the next ones at 63, 88 and 113, each taking 10: C0 40-123, of which 43 cycles are waiting. S0 123-124.
    work = pass_of(block(10, 0, 40, 0, 1), prologue=LoadTime(100), stages=4, fill=2, read_latency=3)
    compute = [s for s in run_pass(work).spans if s.unit is Unit.COMPUTE]
    assert compute == [Span(Unit.COMPUTE, 0, FRONT + 40, FRONT + 123, waited=43)]
    assert run_pass(work).cycles == FRONT + 124


def test_weights_that_arrive_faster_than_they_are_used_do_not_hold_block_0_up() -> None:
    # Weights 10-18 in 4 stages of 2; used at 12, then every 10 cycles: C0 12-52. L1 follows the weights: 18-28.
    work = pass_of(*[block(10, 0, 40, 0, 1)] * 2, prologue=LoadTime(8), stages=4)
    assert spans_of(work, Unit.LOAD) == [(0, 10), (10, 18), (18, 28)]
    assert spans_of(work, Unit.COMPUTE) == [(12, 52), (52, 92)]


def test_a_share_of_a_stage_that_is_no_whole_cycle_is_rounded_up() -> None:
    # Weights 1-11 in 3 stages: the first is there after 3 1/3 cycles, at 5 (of 4.33). Uses take 1 cycle: 5, then 8 (of
    # 7.67), then 11.
    work = pass_of(block(1, 0, 3, 0, 1), prologue=LoadTime(10), stages=3)
    assert spans_of(work, Unit.COMPUTE) == [(5, 12)]


def test_streamed_weights_come_after_the_resident_input() -> None:
    # P 0-20, placed 0-50; L0 20-30, L1 30-40; weights need no placing, but follow the input through the placing unit:
    # C0 50-60, C1 60-70. Nothing is stored: the pass ends 7 cycles behind the last sum.
    work = pass_of(
        *[block(10, 0, 10, 99, 99)] * 2, prologue=LoadTime(20, 50), inputs_stream=False, stores=False, after=7
    )
    assert spans_of(work, Unit.LOAD) == [(0, 20), (20, 30), (30, 40)]
    assert spans_of(work, Unit.COMPUTE) == [(50, 60), (60, 70)]
    assert spans_of(work, Unit.POST) == spans_of(work, Unit.STORE) == []
    assert run_pass(work).cycles == FRONT + 77


def test_a_pass_that_stores_nothing_is_not_held_up_by_accumulators() -> None:
    # P 0-4, loads of 1 each, computing 10: with post, block 2 would wait for block 0's sums to be read out.
    work = pass_of(*[block(1, 0, 10, 500, 500)] * 3, prologue=LoadTime(4), inputs_stream=False, stores=False)
    assert spans_of(work, Unit.COMPUTE) == [(5, 15), (15, 25), (25, 35)]


def test_no_unit_does_two_things_at_once() -> None:
    work = pass_of(*[block(13, 17, 11, 19, 7)] * 5, block(5, 3, 4, 2, 1), prologue=LoadTime(31), fill=3, read_latency=9)
    spans = run_pass(work).spans
    memory = sorted((s.start, s.end) for s in spans if s.unit in (Unit.LOAD, Unit.STORE))
    for unit in (Unit.PLACE, Unit.COMPUTE, Unit.POST):
        rows = sorted((s.start, s.end) for s in spans if s.unit is unit)
        assert len(rows) == 6
        assert all(end <= start for (_, end), (start, _) in pairwise(rows))
    assert all(end <= start for (_, end), (start, _) in pairwise(memory))
