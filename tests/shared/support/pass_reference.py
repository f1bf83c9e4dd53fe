"""Section 6 of docs/overlay.md in plain Python, one pass at a time; see ``overlay_reference``."""

from __future__ import annotations

from dataclasses import dataclass, field

from dynamap.cost.overlay.machine import PASS_OVERHEAD


def ceil(x: int, y: int) -> int:
    return -(-x // y)


@dataclass(frozen=True)
class Times:
    """One block in plain integers."""

    transfer: int
    place: int
    compute: int
    post: int
    store: int


def pass_cycles(
    blocks: list[Times],
    prologue: tuple[int, int],
    fill: int,
    after: int,
    latencies: tuple[int, int],
    *,
    stages: int | None,
    stores: bool,
) -> int:
    """Section 6, sentence by sentence: ``prologue`` is (transfer, place), ``stages`` None where weights stream."""
    one = PassReference(blocks, prologue, fill, after, latencies, stages, stores)
    for kind, i in one.order():
        one.use_memory(kind, i)
    last = len(blocks) - 1
    return PASS_OVERHEAD + (one.ended["S", last] + latencies[1] if stores else one.compute(last) + after)


@dataclass
class PassReference:
    """One pass: when its transfers ended, and what was placed, computed and posted; the index is the block's.

    ``L`` loads a block, ``P`` the prologue, ``S`` stores a block; the memory does one at a time, in ``order``.
    """

    blocks: list[Times]
    prologue: tuple[int, int]
    fill: int
    after: int
    latencies: tuple[int, int]
    stages: int | None
    stores: bool
    memory: int = 0
    last_placed: int = 0
    ended: dict[tuple[str, int], int] = field(default_factory=dict)
    placed: dict[int, int] = field(default_factory=dict)
    computed: dict[int, int] = field(default_factory=dict)
    posted: dict[int, int] = field(default_factory=dict)

    def order(self) -> list[tuple[str, int]]:
        order: list[tuple[str, int]] = [("L", 0), ("P", 0)] if self.stages is not None else [("P", 0), ("L", 0)]
        order.append(("L", 1))
        for i in range(len(self.blocks)):
            order += [("L", i + 2), ("S", i)] if self.stores else [("L", i + 2)]
        return [(kind, i) for kind, i in order if kind != "L" or i < len(self.blocks)]

    def use_memory(self, kind: str, i: int) -> None:
        start = self.memory
        if kind == "L" and i >= 2:
            start = max(start, self.compute(i - 2))
        if kind == "S":
            start = max(start, self.post(i))
        length = {"P": self.prologue[0], "L": self.blocks[i].transfer, "S": self.blocks[i].store}[kind]
        self.memory = self.ended[kind, i] = start + length
        if kind == "S":
            return
        place = self.prologue[1] if kind == "P" else self.blocks[i].place
        self.last_placed = max(self.memory, max(self.last_placed, start) + place)
        if kind == "L":
            self.placed[i] = self.last_placed

    def compute(self, i: int) -> int:
        if i in self.computed:
            return self.computed[i]
        read, stages = self.latencies[0], self.stages
        waits = [self.placed[i] + read + self.fill]
        if i >= 1:
            waits.append(self.compute(i - 1))
        if i >= 2 and self.stores:
            waits.append(self.post(i - 2))
        if i == 0 and stages is not None:
            waits.append(self.ended["L", 0] + ceil(self.prologue[0], stages) + read + self.fill)
        self.computed[i] = max(waits) + self.blocks[i].compute
        if i == 0 and stages is not None:
            streamed = self.ended["P", 0] + read + ceil(self.blocks[0].compute, stages)
            self.computed[i] = max(self.computed[i], streamed)
        return self.computed[i]

    def post(self, i: int) -> int:
        if i not in self.posted:
            waits = [self.compute(i) + self.after]
            if i >= 1:
                waits.append(self.post(i - 1))
            if i >= 2:
                waits.append(self.ended["S", i - 2])
            self.posted[i] = max(waits) + self.blocks[i].post
        return self.posted[i]
