"""Section 6 of docs/overlay.md in plain Python, one pass at a time; see ``overlay_reference``."""

from __future__ import annotations

from dataclasses import dataclass, field


def ceil(x: int, y: int) -> int:
    return -(-x // y)


def round16(x: int) -> int:
    return ceil(x, 16) * 16


def round64(x: int) -> int:
    return ceil(x, 64) * 64


def bursts(first: int, words: int) -> list[int]:
    """Words of each burst of a run that begins with this word: bursts end at multiples of 64 words."""
    found = []
    while words:
        found.append(min(words, 64 - first % 64))
        first, words = first + found[-1], words - found[-1]
    return found


@dataclass(frozen=True)
class Times:
    """One block in plain integers; ``compute`` is occupied, ``transform`` 0 where what is loaded is not transformed."""

    transfer: int
    place: int
    compute: int
    post: int
    store: int
    transform: int = 0


@dataclass(frozen=True)
class Delays:
    """What lies between the units of a pass: section 6's fill, after and pack, r and w; ``direct``: no accumulators."""

    fill: int
    after: int
    pack: int
    read: int
    write: int
    direct: bool = False


LAND, FREE, NEXT, LEAVE, OVERHEAD = 8, 12, 5, 9, 24
"""The constants of section 6: from the ports to a buffer, from a last operand to its half being free, from a block in
POST to the next one, from the output buffer to the ports, and of a pass."""


def pass_cycles(
    blocks: list[Times],
    prologue: tuple[int, int, int],
    delays: Delays,
    *,
    arrival: tuple[int, int],
    inputs_stream: bool,
    stores: bool,
) -> int:
    """Section 6, sentence by sentence: ``prologue`` is (transfer, place, transform), ``arrival`` is (first, left)."""
    one = PassReference(blocks, prologue, delays, arrival, inputs_stream, stores)
    for kind, i in one.order():
        one.use_memory(kind, i)
    last = len(blocks) - 1
    return OVERHEAD + (one.gone(last) + delays.write if stores else one.compute(last) + delays.after)


@dataclass
class PassReference:
    """One pass: when its transfers began and ended, and what was placed, computed and posted; the index is the block's.

    ``L`` loads a block, ``P`` the prologue, ``S`` stores a block; the memory does one at a time, in ``order``.
    """

    blocks: list[Times]
    prologue: tuple[int, int, int]
    delays: Delays
    arrival: tuple[int, int]
    inputs_stream: bool
    stores: bool
    memory: int = 0
    last_placed: int = 0
    started: dict[tuple[str, int], int] = field(default_factory=dict)
    ended: dict[tuple[str, int], int] = field(default_factory=dict)
    placed: dict[tuple[str, int], int] = field(default_factory=dict)
    computed: dict[int, int] = field(default_factory=dict)
    posted: dict[int, int] = field(default_factory=dict)

    def order(self) -> list[tuple[str, int]]:
        order: list[tuple[str, int]] = [("L", 0), ("P", 0)] if self.inputs_stream else [("P", 0), ("L", 0)]
        order.append(("L", 1))
        for i in range(len(self.blocks)):
            order += [("L", i + 2), ("S", i)] if self.stores else [("L", i + 2)]
        return [(kind, i) for kind, i in order if kind != "L" or i < len(self.blocks)]

    def use_memory(self, kind: str, i: int) -> None:
        start = self.memory
        if kind == "L" and i >= 2:
            start = max(start, self.compute(i - 2) + FREE)
        if kind == "S":
            start = max(start, self.post(i) + self.delays.pack)
        length = {"P": self.prologue[0], "L": self.blocks[i].transfer, "S": self.blocks[i].store}[kind]
        self.started[kind, i] = start
        self.memory = self.ended[kind, i] = start + length
        if kind == "S":
            return
        block = self.blocks[i]
        place, transform = self.prologue[1:] if kind == "P" else (block.place, block.transform)
        if transform:
            self.last_placed = max(self.last_placed, self.memory) + place + transform
        else:
            self.last_placed = max(self.memory, max(self.last_placed, start) + place)
        self.placed[kind, i] = self.last_placed

    def compute(self, i: int) -> int:
        if i in self.computed:
            return self.computed[i]
        fill, direct = self.delays.fill, self.delays.direct
        usable = self.delays.read + LAND + fill
        # Block 0 waits for its inputs, and for the first of its weights.
        inputs, weights = (("L", "P") if self.inputs_stream else ("P", "L")) if i == 0 else ("L", "")
        waits = [self.placed[inputs, i] + usable]
        if i >= 1:
            waits.append(self.compute(i - 1) + (fill if direct else 0))
        if i >= 2 and self.stores:
            waits.append((self.gone(i - 2) if direct else self.post(i - 2)) + fill)
        if weights:
            waits.append(self.started[weights, 0] + self.arrival[0] + usable)
        self.computed[i] = max(waits) + self.blocks[i].compute
        if weights:
            self.computed[i] = max(self.computed[i], self.ended[weights, 0] + usable + self.arrival[1])
        return self.computed[i]

    def post(self, i: int) -> int:
        if i not in self.posted:
            waits = [self.compute(i) + self.delays.after]
            if i >= 1:
                waits.append(self.post(i - 1) + NEXT)
            if i >= 2:
                waits.append(self.gone(i - 2) + NEXT)
            self.posted[i] = max(waits) + self.blocks[i].post
        return self.posted[i]

    def gone(self, i: int) -> int:
        before = self.gone(i - 1) if i else 0
        return max(self.started["S", i], before) + self.blocks[i].store + LEAVE
