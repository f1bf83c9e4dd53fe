"""docs/overlay.md in plain Python, one value at a time: what the vectorised closed forms are tested against.

Written from the page alone. Nothing here is fast, shared with the code under test, or clever.
"""

from __future__ import annotations

from dataclasses import dataclass

from support.pass_reference import Delays, Times, bursts, ceil, pass_cycles, round16, round64

MOST_RESIDENT, MOST_STREAMED = 8192, 2048
"""Output channels whose parameters a pass with resident weights, and a block of streamed ones, may have (section 7)."""


@dataclass(frozen=True)
class Computing:
    """A block on the array, and the stages of block 0 with the bytes of one."""

    cycles: int
    occupied: int
    fill: int
    after: int
    stages: int
    longest: int
    stage_bytes: int


@dataclass(frozen=True)
class Case:
    """One convolution case: sizes of one group, what is chosen, and the overlay it runs on.

    ``algorithm``: im2col, kn2row, winograd. ``flow``: ns, ws, is. ``fmt_in``, ``fmt_out``: c16, hwc, toeplitz.
    ``m``: Winograd outputs per tile and dimension. ``rows``: T of a block (inputs stream) or of a band.
    ``tiles``: column tiles per block (weights stream), 0 where inputs stream.
    """

    c: int
    h: int
    w: int
    oc: int
    oh: int
    ow: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    algorithm: str
    m: int
    flow: str
    fmt_in: str
    fmt_out: str
    rows: int
    tiles: int
    p1: int
    p2: int
    packing: int
    word: int
    clock_khz: int
    bandwidth: int
    read: int
    write: int
    input_buffer: int
    weight_buffer: int
    accumulator_rows: int
    row_buffer: int
    crossings: int

    # Section 4 and 5.
    @property
    def winograd(self) -> bool:
        return self.algorithm == "winograd"

    @property
    def e(self) -> int:
        return 2 if self.winograd else 1

    @property
    def cw(self) -> int:
        return self.p2 if self.winograd else self.p2 * self.packing

    @property
    def taps(self) -> int:
        return 4 if self.m == 5 else 3

    @property
    def steps(self) -> tuple[int, int]:
        return tuple(self.m if k > 1 else 1 for k in self.kernel)  # type: ignore[return-value]

    @property
    def positions(self) -> int:
        t1, t2 = (self.m + self.taps - 1 if k > 1 else 1 for k in self.kernel)
        return t1 * t2 if self.winograd else 1

    @property
    def rounds(self) -> int:
        return ceil(self.kernel[0], self.taps) * ceil(self.kernel[1], self.taps)

    def tile_count(self, rows: int) -> int:
        return ceil(rows, self.steps[0]) * ceil(self.ow, self.steps[1])

    @property
    def kb(self) -> int:
        return round16(self.kernel[0] * self.kernel[1] * self.c)

    def rows_in(self, rows: int) -> int:
        extent = (self.kernel[0] - 1) * self.dilation[0] + 1
        return min(self.h, (rows - 1) * self.stride[0] + extent)

    def segments(self, cb: int) -> list[int]:
        """Bytes of each segment of one GEMM, with ``cb`` channel units."""
        k1, k2 = self.kernel
        pitch = cb if cb % 2 else cb + 1
        if self.winograd:
            return [2 * 16 * cb] * self.rounds
        if self.algorithm == "kn2row":
            return [16 * cb]
        if self.fmt_in == "toeplitz":
            return [self.kb]
        if self.dilation[1] > 1:
            return [16 * cb] * (k1 * k2)
        return [16 * (k2 * pitch - (pitch - cb))] * k1

    def summed(self, cb: int) -> int:
        """b"""
        k1, k2 = self.kernel
        if self.winograd:
            return self.rounds * 16 * cb
        if self.algorithm == "kn2row":
            return 16 * cb
        return self.kb if self.fmt_in == "toeplitz" else k1 * k2 * 16 * cb

    def spans(self, cb: int) -> list[int]:
        """Segments without pad units in them."""
        if sum(self.segments(cb)) == self.summed(cb):
            return self.segments(cb)
        return [16 * cb] * (self.kernel[0] * self.kernel[1])

    def laid(self, rows: int) -> int:
        """a'"""
        s = max(16, self.word // 2) // 16
        return rows * s * ceil(self.ow, s)

    def array(self, rows: int, oc: int, cb: int) -> Computing:
        """A block of so many rows, output channels and channel units."""
        kn2row = self.algorithm == "kn2row"
        repeats = self.kernel[0] * self.kernel[1] if kn2row else self.positions
        a = self.tile_count(rows) if self.winograd else rows * (self.w if kn2row else self.ow)
        b = self.summed(cb)
        words = sum(ceil(segment, self.word) for segment in self.segments(cb))
        no = ceil(oc, self.cw)
        p1 = self.p1
        if self.flow == "ns":
            cycles = ceil(a, p1) * max(no * max(b, p1), p1 * words)
            pieces = sum(ceil(span, p1) for span in self.spans(cb))
            turned = self.packing * no * ceil(a, p1) * (pieces * max(p1, 4) + 8)
            occupied = max(cycles, turned)
            return Computing(cycles, occupied, p1 + 12 + 5, p1 + 29 + self.crossings, 1, occupied, oc * b)
        pieces = self.pieces(cb)
        kt, held, after = repeats * len(pieces), max(pieces), 29 + self.crossings
        if self.flow == "ws":
            cycles = repeats * no * sum(max(a, piece) for piece in pieces)
            occupied = repeats * no * sum(max(a, piece, 4) for piece in pieces)
            longest = max(a, held, 4)
            return Computing(cycles, occupied, held + 5, after, kt * no, longest, p1 * min(oc, self.cw) * self.e)
        laid = max(a, self.laid(rows))
        cycles = kt * ceil(a, self.cw) * max(oc, min(a, self.cw))
        longest = ceil(laid, self.cw) * max(oc, min(laid, self.cw), held, 4)
        return Computing(cycles, kt * longest, min(laid, self.cw) + held + 12 + 5, after, kt, longest, p1 * oc)

    def pieces(self, cb: int) -> list[int]:
        """Values of each of the tiles that the array's rows hold, of one GEMM."""
        found = []
        for segment in self.segments(cb):
            values = segment // self.e
            found += [self.p1] * (values // self.p1) + [values % self.p1] * (values % self.p1 > 0)
        return found

    def arrival(self, rows: int, oc: int, cb: int) -> tuple[int, int]:
        """(first, left) of the weights of a pass, or of its first block where they stream."""
        array = self.array(rows, oc, cb)
        weights = self.weights(oc, cb) - 16 * oc
        stage, n = min(array.stage_bytes, weights), array.stages
        left = [
            min(array.occupied, (n - j + 1) * array.longest) - max(0, weights - j * stage) // self.word
            for j in range(2, n + 1)
        ]
        return self.transfer([16 * oc + stage]), max(left, default=0)

    def accumulators(self, rows: int, oc: int) -> int:
        sums = self.tile_count(rows) * self.positions if self.winograd else rows * self.ow
        return oc * ceil(self.laid(rows), self.cw) if self.flow == "is" else sums * ceil(oc, self.cw)

    @property
    def tile(self) -> tuple[int, int]:
        """t1, t2"""
        return tuple(step + self.taps - 1 if step > 1 else 1 for step in self.steps)  # type: ignore[return-value]

    @property
    def transform(self) -> int:
        t1, t2 = self.tile
        return 20 + t1 + t2 + t1 * t2 if self.winograd else 0

    @property
    def pack(self) -> int:
        """PACKING"""
        more = 21 if self.flow == "is" else 0
        if self.winograd:
            (m1, m2), (t1, t2) = self.steps, self.tile
            if self.m == 5 and m2 == 5:
                m1, m2, t1 = m2, m1, t2
            more = 11 + m1 + m2 + t1 * m2
        return min(max(16, self.word // 2) // 2, self.p2) + 17 + more

    # Sections 2 and 3.
    def transfer(self, runs: list[int]) -> int:
        ports = 0
        for run in runs:
            words = ceil(run, self.word)
            ports += words + max(len(bursts(first, words)) for first in range(64))
        return max(ports, ceil(sum(runs) * self.clock_khz, self.bandwidth))

    def load(self, rows: int, cb: int) -> tuple[int, int, int]:
        """(transfer, place, bytes) of the input of ``rows`` output rows and ``cb`` channel units."""
        n = self.word // 16
        height = self.rows_in(rows)
        row = 4 * ceil(self.w, 4) * 16
        if self.fmt_in == "hwc":
            runs = [height * round64(self.w * self.c)]
            place = height * self.w * ceil(cb, n) + 8
        elif self.fmt_in == "toeplitz":
            runs = [rows * round64(self.ow * self.kb)]
            place = rows * self.ow * ceil(self.kb, self.word)
        else:
            if self.winograd:
                runs = [row] * (height * cb)
            elif height == self.h:
                runs = [height * row * cb]
            else:
                runs = [height * row] * cb
            place = height * cb * ceil(self.w, n)
        transfer = self.transfer(runs)
        if self.fmt_in == "hwc":
            transfer = max(transfer, place)
        if self.winograd:
            place = self.tile_count(rows) * self.positions * self.rounds * ceil(2 * 16 * cb, self.word)
        return transfer, place, sum(runs)

    def held(self, rows: int, cb: int) -> int:
        """Bytes in the input buffer."""
        height = self.rows_in(rows)
        if self.winograd:
            tiles = self.positions * round64(self.tile_count(rows) * self.rounds * 16 * cb * 2)
            pixels = height * 4 * ceil(self.w, 4) * 16
            # The pixels have a quarter as large a buffer of their own, at an odd pitch.
            return max(tiles + pixels * cb, 4 * pixels * (cb if cb % 2 else cb + 1))
        if self.fmt_in == "toeplitz":
            return rows * round64(self.ow * self.kb)
        return height * 4 * ceil(self.w, 4) * (cb if cb % 2 else cb + 1) * 16

    def weights(self, oc: int, cb: int) -> int:
        if self.flow == "ns":
            return round64(oc * (16 + self.summed(cb)))
        repeats = self.kernel[0] * self.kernel[1] if self.algorithm == "kn2row" else self.positions
        return round64(oc * (16 + sum(self.segments(cb)) * repeats))

    # Section 6.
    def chunks(self, rows: int, oc: int) -> int:
        """post"""
        r = max(16, self.word // 2)

        def lanes(x: int, c: int, r: int) -> int:
            return x // c * ceil(c, r) + ceil(x % c, r)

        if self.flow == "is":
            return lanes(self.laid(rows), self.cw, r) * max(round16(oc), r // 2)
        if self.winograd:
            spots = self.tile_count(rows) * self.positions
            return lanes(oc, self.p2, r // 2) * max(spots, min(r // 2, round16(oc)))
        return lanes(oc, self.cw, r) * max(rows * self.ow, min(r, round16(oc)) // 2)

    def store(self, rows: int, oc: int) -> tuple[int, int, int]:
        """(post, transfer, bytes) of a block's output."""
        post = self.chunks(rows, oc)
        if self.fmt_out == "hwc":
            runs = [rows * round64(self.ow * self.oc)]
        else:
            row = 4 * ceil(self.ow, 4) * 16
            runs = [rows * row * ceil(oc, 16)] if rows == self.oh else [rows * row] * ceil(oc, 16)
        store = self.transfer(runs)
        if self.fmt_out == "hwc":
            words = ceil(runs[0], self.word)
            steps = 0
            for _ in range(rows):
                steps += self.ow * ceil(self.oc, self.word)
                steps += ceil(round64(self.ow * self.oc), self.word) - self.ow * self.oc // self.word
            store = max(store, steps + max(len(bursts(first, words)) for first in range(64)) + 4)
        return post, store, sum(runs)

    def output_fits(self, rows: int, oc: int) -> bool:
        plane = rows * 4 * ceil(self.ow, 4) * 16
        if self.fmt_out == "hwc":
            plane = ceil(plane, self.word) * self.word
        return plane * ceil(oc, 16) <= self.input_buffer // 2 // 2

    # Section 7: which channels a pass or block has; the fewest chunks that fit.
    def output_chunks(self) -> list[int] | None:
        """Channels of each pass, inputs streaming; None where nothing fits."""
        cb = ceil(self.c, 16)
        if self.held(self.rows, cb) > self.input_buffer // 2:
            return None
        if self.flow == "ns" and self.summed(cb) * self.e > self.row_buffer:
            return None
        for count in range(1, ceil(self.oc, 16) + 1):
            oc = self.oc if count == 1 else round16(ceil(self.oc, count))
            if (
                oc <= MOST_RESIDENT
                and self.weights(oc, cb) <= self.weight_buffer
                and self.accumulators(self.rows, oc) <= self.accumulator_rows
                and self.output_fits(self.rows, oc)
            ):
                chunks = [oc] * (ceil(self.oc, oc) - 1)
                chunks.append(self.oc - sum(chunks))
                return chunks if len(chunks) == 1 or self.fmt_out == "c16" else None
        return None

    def channel_blocks(self) -> list[int]:
        """Channels of each block, weights streaming: ``tiles`` column tiles, down to a multiple of 16."""
        oc = max(16, self.tiles * self.cw // 16 * 16)
        if oc >= self.oc:
            return [self.oc]
        blocks = [oc] * (ceil(self.oc, oc) - 1)
        return [*blocks, self.oc - sum(blocks)]

    def contraction_chunks(self) -> list[int] | None:
        """Channel units of each contraction chunk, weights streaming; None where nothing fits."""
        cb = ceil(self.c, 16)
        blocks = self.channel_blocks()
        held = [self.accumulators(self.rows, oc) for oc in blocks]
        if blocks[0] > MOST_STREAMED:
            return None
        if max(held) > self.accumulator_rows or not self.output_fits(self.rows, blocks[0]):
            return None
        if len(blocks) > 1 and self.fmt_out != "c16":
            return None
        for count in range(1, cb + 1):
            units = ceil(cb, count)
            if count > 1 and (self.fmt_in != "c16" or max(sum(held[::2]), sum(held[1::2])) > self.accumulator_rows):
                return None
            if self.weights(blocks[0], units) > self.weight_buffer // 2:
                continue
            if self.flow == "ns" and self.summed(units) * self.e > self.row_buffer:
                continue
            if self.held(self.rows, units) > self.input_buffer:
                return None
            chunks = [units] * (ceil(cb, units) - 1)
            return [*chunks, cb - sum(chunks)]
        return None


@dataclass
class Totals:
    """Counters of section 8."""

    cycles: int = 0
    compute: int = 0
    load: int = 0
    store: int = 0
    bytes_read: int = 0
    bytes_written: int = 0


def convolution_totals(case: Case) -> Totals | None:
    """All passes of the convolution, one after the other; None where a buffer is too small."""
    total = Totals()
    if case.tiles == 0:
        chunks = case.output_chunks()
        if chunks is None:
            return None
        for oc in chunks:
            _input_pass(case, oc, total)
    else:
        parts = case.contraction_chunks()
        if parts is None:
            return None
        for first in range(0, case.oh, case.rows):
            for number, units in enumerate(parts):
                rows = min(case.rows, case.oh - first)
                _weight_pass(case, rows, units, number == len(parts) - 1, total)
    for name, value in vars(total).items():
        setattr(total, name, value * case.groups)
    return total


def _input_pass(case: Case, oc: int, total: Totals) -> None:
    cb = ceil(case.c, 16)
    weights = case.weights(oc, cb)
    prologue = case.transfer([weights])
    total.bytes_read += weights
    total.load += prologue
    blocks = []
    for first in range(0, case.oh, case.rows):
        rows = min(case.rows, case.oh - first)
        transfer, place, read = case.load(rows, cb)
        post, store, written = case.store(rows, oc)
        array = case.array(rows, oc, cb)
        blocks.append(Times(transfer, place, array.occupied, post, store, case.transform))
        total.compute += array.cycles
        total.bytes_read += read
        total.bytes_written += written
    array = case.array(case.rows, oc, cb)
    _add(case, blocks, (prologue, 0, 0), array, case.arrival(case.rows, oc, cb), True, total)


def _weight_pass(case: Case, rows: int, units: int, stores: bool, total: Totals) -> None:
    transfer, place, read = case.load(rows, units)
    total.bytes_read += read
    total.load += max(transfer, place)
    sizes = case.channel_blocks()
    blocks = []
    for oc in sizes:
        weights = case.weights(oc, units)
        post, store, written = case.store(rows, oc)
        array = case.array(rows, oc, units)
        blocks.append(Times(case.transfer([weights]), 0, array.occupied, post, store))
        total.compute += array.cycles
        total.bytes_read += weights
        total.bytes_written += written if stores else 0
    array, arrival = case.array(rows, sizes[0], units), case.arrival(rows, sizes[0], units)
    _add(case, blocks, (transfer, place, case.transform), array, arrival, stores, total, inputs_stream=False)


def _add(
    case: Case,
    blocks: list[Times],
    prologue: tuple[int, int, int],
    array: Computing,
    arrival: tuple[int, int],
    stores: bool,
    total: Totals,
    inputs_stream: bool = True,
) -> None:
    delays = Delays(array.fill, array.after, case.pack, case.read, case.write)
    total.cycles += pass_cycles(blocks, prologue, delays, arrival=arrival, inputs_stream=inputs_stream, stores=stores)
    total.load += sum(max(block.transfer, block.place) for block in blocks)
    if stores:
        total.store += sum(max(block.post, block.store) for block in blocks)
