"""One pass against times worked out by hand from docs/overlay.md, section 6. Latencies are 0 where nothing is said.

All times in the comments count from the first transfer; a pass adds 24 cycles in front (PASS_OVERHEAD). From the ports
to a buffer it is 8 cycles (LANDING), from the last operand to the half that is free 12 (READING), from a block to the
next one in POST 5 (NEXT_BLOCK), to the ports 9 (LEAVING).
"""

from __future__ import annotations

from itertools import pairwise

from dynamap.backends.simulator.engine import BlockTimes, LoadTime, PassTimes, Span, Unit, run_pass

FRONT = 24


def pass_of(
    *blocks: BlockTimes,
    prologue: LoadTime | None = None,
    inputs_stream: bool = True,
    arrival: tuple[int, int] = (0, 0),
    stores: bool = True,
    direct: bool = False,
    fill: int = 0,
    waits: tuple[int, int] = (0, 0),
    latencies: tuple[int, int] = (0, 0),
) -> PassTimes:
    """``waits``: after a block, and packing."""
    return PassTimes(blocks, prologue, inputs_stream, *arrival, stores, direct, fill, *waits, *latencies)


def block(transfer: int, place: int, compute: int, post: int, store: int) -> BlockTimes:
    return BlockTimes(LoadTime(transfer, place), compute, compute, post, store)


def spans_of(work: PassTimes, unit: Unit) -> list[tuple[int, int]]:
    return [(s.start - FRONT, s.end - FRONT) for s in run_pass(work).spans if s.unit is unit]


def test_one_block_is_a_chain() -> None:
    # L 0-100; operands 64 + 8 later (read) and 5 later (fill): C 177-227; 7 later (after): post 234-244; 3 later
    # (packing): S 247-277; 9 later it has left; then 64 cycles for the response to the last write.
    work = pass_of(block(100, 20, 50, 10, 30), fill=5, waits=(7, 3), latencies=(64, 64))
    assert spans_of(work, Unit.COMPUTE) == [(177, 227)]
    assert spans_of(work, Unit.POST) == [(234, 244)]
    assert spans_of(work, Unit.STORE) == [(247, 277)]
    assert run_pass(work).cycles == FRONT + 286 + 64


def test_a_load_waits_until_its_half_of_the_buffer_is_free() -> None:
    # L0 0-10, L1 10-20, C0 18-48. L2 needs the half of block 0, free at 60: 60-70. S0 comes after L2: 70-75. C1 48-78,
    # C2 78-108. S1: 78-83, S2: 108-113, gone at 122.
    work = pass_of(*[block(10, 0, 30, 0, 5)] * 3)
    assert spans_of(work, Unit.LOAD) == [(0, 10), (10, 20), (60, 70)]
    assert spans_of(work, Unit.COMPUTE) == [(18, 48), (48, 78), (78, 108)]
    assert spans_of(work, Unit.STORE) == [(70, 75), (78, 83), (108, 113)]
    assert run_pass(work).cycles == FRONT + 122


def test_slow_stores_hold_back_post_and_through_it_compute() -> None:
    # L0 0-1, L1 1-2, C0 9-10, C1 10-11, L2 22-23. post0 10-40, S0 40-90, gone at 99; post1 45-75, S1 90-140, gone at
    # 99 + 59 = 158. C2 needs the accumulators of block 0, read out at 40: 40-41. post2 needs the output half of block
    # 0: 104-134. S2 140-190, gone at 158 + 59.
    work = pass_of(*[block(1, 0, 1, 30, 50)] * 3)
    assert spans_of(work, Unit.COMPUTE) == [(9, 10), (10, 11), (40, 41)]
    assert spans_of(work, Unit.POST) == [(10, 40), (45, 75), (104, 134)]
    assert spans_of(work, Unit.STORE) == [(40, 90), (90, 140), (140, 190)]
    assert run_pass(work).cycles == FRONT + 217


def test_a_tile_is_loaded_again_where_computing_waited_for_post() -> None:
    # As before with a fill of 6: C0 15-16, C1 16-17, L2 28-29, post0 16-46, and C2 6 cycles behind that.
    work = pass_of(*[block(1, 0, 1, 30, 50)] * 3, fill=6)
    assert spans_of(work, Unit.COMPUTE) == [(15, 16), (16, 17), (52, 53)]


def test_without_accumulators_computing_waits_for_the_output_buffer() -> None:
    # L0 0-5, L1 5-10, C0 5 + 8 + 1 = 14-24, C1 a cycle behind it, 25-35. L2 36-41, S0 after it: 41-91, gone at 100. So
    # C2 101-111. S1 91-141, gone at 159; S2 141-191, gone at 218.
    work = pass_of(*[block(5, 0, 10, 0, 50)] * 3, direct=True, fill=1, waits=(3, 0))
    assert spans_of(work, Unit.COMPUTE) == [(14, 24), (25, 35), (101, 111)]
    assert spans_of(work, Unit.STORE) == [(41, 91), (91, 141), (141, 191)]
    assert run_pass(work).cycles == FRONT + 218


def test_placing_works_while_data_arrives_one_block_at_a_time() -> None:
    # L0 0-10, L1 10-20; placing takes 25 each: 0-25 and 25-50. C0 33-38, C1 58-63. S0 38-42, S1 63-67, gone at 76.
    work = pass_of(*[block(10, 25, 5, 0, 4)] * 2)
    assert spans_of(work, Unit.PLACE) == [(0, 25), (25, 50)]
    assert spans_of(work, Unit.COMPUTE) == [(33, 38), (58, 63)]
    assert run_pass(work).cycles == FRONT + 76


def test_block_0_computes_while_its_weights_arrive() -> None:
    # L0 0-10, weights 10-110, of which the first tile needs 25: C0 begins at 35 + 3 + 8 + 2 = 48. All are there at
    # 110 + 13 = 123, and 10 cycles are left then: C0 48-133, of which 45 cycles are waiting. S0 133-134, gone at 143.
    work = pass_of(block(10, 0, 40, 0, 1), prologue=LoadTime(100), arrival=(25, 10), fill=2, latencies=(3, 0))
    compute = [s for s in run_pass(work).spans if s.unit is Unit.COMPUTE]
    assert compute == [Span(Unit.COMPUTE, 0, FRONT + 48, FRONT + 133, waited=45)]
    assert run_pass(work).cycles == FRONT + 143


def test_weights_that_arrive_faster_than_they_are_used_do_not_hold_block_0_up() -> None:
    # Weights 10-18; the first 2 cycles are used at 20: C0 20-60. L1 follows the weights: 18-28.
    work = pass_of(*[block(10, 0, 40, 0, 1)] * 2, prologue=LoadTime(8), arrival=(2, 10))
    assert spans_of(work, Unit.LOAD) == [(0, 10), (10, 18), (18, 28)]
    assert spans_of(work, Unit.COMPUTE) == [(20, 60), (60, 100)]


def test_block_0_computes_while_streamed_weights_arrive() -> None:
    # P 0-10, placed 0-12; L0 10-30, of which the first tile needs 5, L1 30-50. C0 begins at 15 + 3 + 8 + 2 = 28. All of
    # its weights are there at 30 + 13 = 43, and 14 cycles are left then: C0 28-57. C1 waits for all of its own: 63-83.
    work = pass_of(
        *[block(20, 0, 20, 0, 1)] * 2,
        prologue=LoadTime(10, 12),
        inputs_stream=False,
        arrival=(5, 14),
        fill=2,
        latencies=(3, 0),
    )
    assert spans_of(work, Unit.LOAD) == [(0, 10), (10, 30), (30, 50)]
    assert spans_of(work, Unit.COMPUTE) == [(28, 57), (63, 83)]


def test_streamed_weights_come_after_the_resident_input() -> None:
    # P 0-20, placed 0-50; L0 20-30, L1 30-40; weights need no placing, but follow the input through the placing unit:
    # C0 58-68, C1 68-78. Nothing is stored: the pass ends 7 cycles behind the last sum.
    work = pass_of(
        *[block(10, 0, 10, 99, 99)] * 2, prologue=LoadTime(20, 50), inputs_stream=False, stores=False, waits=(7, 0)
    )
    assert spans_of(work, Unit.LOAD) == [(0, 20), (20, 30), (30, 40)]
    assert spans_of(work, Unit.COMPUTE) == [(58, 68), (68, 78)]
    assert spans_of(work, Unit.POST) == spans_of(work, Unit.STORE) == []
    assert run_pass(work).cycles == FRONT + 85


def test_a_pass_that_stores_nothing_is_not_held_up_by_accumulators() -> None:
    # P 0-4, loads of 1 each, computing 30: with post, block 2 would wait for block 0's sums to be read out.
    stay = {"inputs_stream": False, "stores": False}
    work = pass_of(*[block(1, 0, 30, 500, 500)] * 3, prologue=LoadTime(4), arrival=(1, 30), **stay)
    assert spans_of(work, Unit.COMPUTE) == [(13, 43), (43, 73), (73, 103)]


def test_no_unit_does_two_things_at_once() -> None:
    work = pass_of(
        *[block(13, 17, 11, 19, 7)] * 5, block(5, 3, 4, 2, 1), prologue=LoadTime(31), fill=3, latencies=(9, 0)
    )
    spans = run_pass(work).spans
    memory = sorted((s.start, s.end) for s in spans if s.unit in (Unit.LOAD, Unit.STORE))
    for unit in (Unit.PLACE, Unit.COMPUTE, Unit.POST):
        rows = sorted((s.start, s.end) for s in spans if s.unit is unit)
        assert len(rows) == 6
        assert all(end <= start for (_, end), (start, _) in pairwise(rows))
    assert all(end <= start for (_, end), (start, _) in pairwise(memory))
