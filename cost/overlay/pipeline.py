"""The makespan of a pass: blocks flowing through LOAD, COMPUTE and STORE (docs/overlay.md, section 6)."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from dynamap.cost.overlay.machine import PASS_OVERHEAD
from dynamap.cost.overlay.transfer import Ints


@dataclass(frozen=True)
class Pass:
    """Times of many passes at once, one element each: all blocks but the last take ``load``, ``compute``, ``store``.

    ``ready`` is the delay from the end of a block's LOAD to its COMPUTE (read latency and fill), ``after`` the delay from
    COMPUTE to STORE, ``write_latency`` ends the pass. ``stores`` is False for a pass that leaves its sums on chip.
    """

    prologue: Ints
    blocks: Ints
    load: Ints
    compute: Ints
    store: Ints
    last_load: Ints
    last_compute: Ints
    last_store: Ints
    ready: Ints
    after: Ints
    write_latency: int
    stores: bool = True

    def take(self, index: Ints) -> Pass:
        values = {
            f.name: (
                getattr(self, f.name)[index]
                if isinstance(getattr(self, f.name), np.ndarray)
                else getattr(self, f.name)
            )
            for f in fields(self)
        }
        return Pass(**values)

    @property
    def compute_total(self) -> Ints:
        return (self.blocks - 1) * self.compute + self.last_compute

    @property
    def load_total(self) -> Ints:
        return self.prologue + (self.blocks - 1) * self.load + self.last_load

    @property
    def store_total(self) -> Ints:
        return (self.blocks - 1) * self.store + self.last_store if self.stores else np.zeros_like(self.blocks)

    def lower_bound(self) -> Ints:
        """Two paths through the pipeline: along COMPUTE, and along the memory sequence."""
        end = self.after + (self.last_store + self.write_latency if self.stores else 0)
        first = np.where(self.blocks > 1, self.load, self.last_load)
        computing = self.prologue + first + self.ready + self.compute_total + end
        moving = self.load_total + self.store_total + (self.write_latency if self.stores else 0)
        return PASS_OVERHEAD + np.maximum(computing, moving)


def makespan(work: Pass) -> Ints:
    """Cycles of each pass, by the recurrence over its blocks; passes with many blocks only cost more steps."""
    order = np.argsort(-work.blocks, kind="stable")
    p = work.take(order)
    counts = p.blocks
    single = counts == 1
    memory = p.prologue + np.where(single, p.last_load, p.load)
    finished = memory + p.ready + np.where(single, p.last_compute, p.compute)
    two = int(np.searchsorted(-counts, -2, side="right"))
    memory[:two] += np.where(counts[:two] == 2, p.last_load[:two], p.load[:two])
    loaded = memory.copy()  # end of the LOAD of the block after the one being stored
    active = len(counts)
    index = 0
    while active:
        remaining = counts[:active] - index  # blocks from this one on, itself included
        done = finished[:active]
        if p.stores:
            store = np.where(remaining == 1, p.last_store[:active], p.store[:active])
            memory[:active] = np.maximum(memory[:active], done + p.after[:active]) + store
        else:
            memory[:active] = np.maximum(memory[:active], done)
        following = int(np.searchsorted(-counts, -(index + 2), side="right"))
        if following:
            rest = remaining[:following]
            compute = np.where(rest == 2, p.last_compute[:following], p.compute[:following])
            finished[:following] = (
                np.maximum(finished[:following], loaded[:following] + p.ready[:following]) + compute
            )
            loading = int(np.searchsorted(-counts, -(index + 3), side="right"))
            if loading:
                load = np.where(rest[:loading] == 3, p.last_load[:loading], p.load[:loading])
                memory[:loading] += load
                loaded[:loading] = memory[:loading]
        active = following
        index += 1
    ends = memory + p.write_latency if p.stores else finished + p.after
    cycles = np.empty_like(ends)
    cycles[order] = PASS_OVERHEAD + ends
    return cycles
