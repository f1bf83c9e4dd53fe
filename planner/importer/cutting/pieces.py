"""Which side runs a node, and in which step: the cuts that leave the overlay its work with few crossings.

A node has a *level*: nodes of even levels are the host's, those of odd levels the overlay's, and no node reads one of a
higher level. All nodes of a level are one step. Nodes of the overlay have the lowest level that this allows, those of
the host the highest, so that there are as few steps as the alternations along a path demand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

SMALLEST_SHARE = 100
"""Connected nodes with less than one part in so many of the overlay's work go to the host."""


@dataclass(frozen=True)
class Piece:
    """A node that is no constant: the activations that it reads and writes, its multiply-accumulates.

    ``view``: it moves or renames elements at most. ``scales``: it says how a tensor is quantised, for the overlay.
    """

    index: int
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    macs: int
    view: bool
    scales: bool = False


class Pieces:
    """All pieces, in topological order, and who reads whom."""

    def __init__(self, pieces: Sequence[Piece], outputs: Set[str], sizes: Mapping[str, int]) -> None:
        """``outputs`` are those of the model; ``sizes`` are the elements of activations, where they are known."""
        self.pieces = pieces
        self._sizes = sizes
        self._outputs = outputs
        makers = {name: piece.index for piece in pieces for name in piece.writes}
        self.before: dict[int, tuple[int, ...]] = {}
        after: dict[int, list[int]] = defaultdict(list)
        for piece in pieces:
            self.before[piece.index] = tuple(dict.fromkeys(makers[name] for name in piece.reads if name in makers))
            for maker in self.before[piece.index]:
                after[maker].append(piece.index)
        self.after: Mapping[int, Sequence[int]] = after
        self._makers = makers
        self._readers: dict[str, list[int]] = defaultdict(list)
        for piece in pieces:
            for name in piece.reads:
                self._readers[name].append(piece.index)

    def settled(self, host: Set[int]) -> frozenset[int]:
        """The nodes for the host: ``host``, and those beside them that are not worth a crossing."""
        chosen = frozenset(host)
        while True:
            chosen = self._with_views(chosen)
            more = self._cheaper(chosen) or self._small(chosen)
            if not more:
                return chosen
            chosen |= more

    def levels(self, host: Set[int]) -> dict[int, int]:
        """The level of every node."""
        levels: dict[int, int] = {}
        for piece in self.pieces:
            parity = 0 if piece.index in host else 1
            lowest = max((levels[maker] for maker in self.before[piece.index]), default=0)
            levels[piece.index] = lowest + (lowest % 2 != parity)
        highest = max(levels.values(), default=0)
        last = highest + highest % 2
        for piece in reversed(self.pieces):
            if piece.index in host:
                readers = [levels[reader] - (reader not in host) for reader in self.after.get(piece.index, ())]
                levels[piece.index] = min(readers, default=last)
        return levels

    def _with_views(self, host: frozenset[int]) -> frozenset[int]:
        """Views that only the host reads or writes are its own."""
        chosen = set(host)
        for piece in reversed(self.pieces):
            readers = self.after.get(piece.index, ())
            seen = not self._outputs.isdisjoint(piece.writes)
            if piece.view and readers and not seen and chosen.issuperset(readers):
                chosen.add(piece.index)
        for piece in self.pieces:
            makers = self.before[piece.index]
            if piece.view and makers and chosen.issuperset(makers):
                chosen.add(piece.index)
        return frozenset(chosen)

    def _cheaper(self, host: frozenset[int]) -> frozenset[int]:
        """Nodes without work at a crossing, behind which (or at the end of a part: before which) fewer bytes cross.

        At the end of a part a node folds into the layer before and costs nothing; at the start it is a layer.
        """
        levels = self.levels(host)
        moved: set[int] = set()

        def elsewhere(piece: Piece, other: int) -> bool:
            return other in host or other in moved or levels[other] != levels[piece.index]

        def size(names: Iterable[str]) -> int:
            return sum(self._sizes.get(name, 0) for name in names)

        candidates = [p for p in self.pieces if p.index not in host and not p.macs and not p.scales]
        for piece in candidates:
            makers = self.before[piece.index]
            if makers and all(elsewhere(piece, maker) for maker in makers):
                alone = [
                    n for n in piece.reads if all(elsewhere(piece, r) for r in self._readers[n] if r != piece.index)
                ]
                needed = [n for n in piece.writes if not all(elsewhere(piece, r) for r in self._readers[n])]
                if size(needed) <= size(name for name in alone if name in self._makers):
                    moved.add(piece.index)
        for piece in reversed(candidates):
            readers = self.after.get(piece.index, ())
            shown = not self._outputs.isdisjoint(piece.writes)
            if piece.index in moved or shown or not readers or not all(elsewhere(piece, r) for r in readers):
                continue
            hidden = [
                name
                for name in piece.reads
                if name in self._makers
                and not elsewhere(piece, self._makers[name])
                and name not in self._outputs
                and not any(elsewhere(piece, reader) for reader in self._readers[name] if reader != piece.index)
            ]
            if size(hidden) < size(piece.writes):
                moved.add(piece.index)
        return frozenset(moved)

    def _small(self, host: frozenset[int]) -> frozenset[int]:
        """The nodes of the overlay's connected groups that have no work, or else too little of it."""
        groups = self._groups(host)
        macs = {piece.index: piece.macs for piece in self.pieces}
        work = [sum(macs[index] for index in group) for group in groups]
        total = sum(work)
        least = 1 if any(count == 0 for count in work) else -(-total // SMALLEST_SHARE)
        return frozenset(index for group, count in zip(groups, work, strict=True) if count < least for index in group)

    def _groups(self, host: Set[int]) -> list[list[int]]:
        """The overlay's nodes of one level that are connected by tensors between them."""
        levels = self.levels(host)
        parent: dict[int, int] = {}

        def find(index: int) -> int:
            while parent.setdefault(index, index) != index:
                parent[index] = parent[parent[index]]
                index = parent[index]
            return index

        for piece in self.pieces:
            if piece.index in host:
                continue
            find(piece.index)
            for maker in self.before[piece.index]:
                if levels[maker] == levels[piece.index]:
                    parent[find(piece.index)] = find(maker)
        groups: dict[int, list[int]] = defaultdict(list)
        for piece in self.pieces:
            if piece.index not in host:
                groups[find(piece.index)].append(piece.index)
        return list(groups.values())
