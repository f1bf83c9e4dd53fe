"""The passes over its planes of a vector unit's layer, as the unit's buffers ask for (docs/overlay.md, section 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass, replace

import numpy as np

from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.fitting.memory.banks import power
from dynamap.cost.overlay.machine import UNIT_BYTES, Buffers, Machine, VectorBuffers
from dynamap.cost.overlay.pipeline import makespan
from dynamap.cost.overlay.timing import INFEASIBLE, Times
from dynamap.cost.overlay.transfer import Format, Ints
from dynamap.cost.overlay.vector import VectorShape, VectorWork, vector_work


@dataclass(frozen=True)
class VectorLayer:
    """The passes of a layer, each with how many are like it: the first ones over ``channels`` output channels.

    No pass takes more of any buffer than the first: the others are over as many channels or fewer.
    """

    channels: int
    passes: tuple[tuple[VectorWork, int], ...]

    @property
    def first(self) -> VectorWork:
        return self.passes[0][0]

    def summed(self, of_pass: Callable[[VectorWork], Ints]) -> Ints:
        """Of all passes together, one element per element of ``strip_rows(shape)``."""
        return sum((count * of_pass(work) for work, count in self.passes), np.zeros_like(self.first.held))


def vector_layer(machine: Machine, shape: VectorShape, fmt_in: Format, fmt_out: Format) -> VectorLayer:
    """The layer in as few passes as the vector unit's buffers allow; in one where it cannot be divided."""
    channels, first = shape.output.channels, vector_work(machine, shape, fmt_in, fmt_out)
    fewer = _fewer_channels(shape, fmt_in, fmt_out)
    while not first.own.within(machine.vector).any() and (some := next(fewer, None)) is not None:
        channels, first = some, vector_work(machine, shape.of_channels(some), fmt_in, fmt_out)
    passes = [(first, 1)]
    rest = replace(shape, looks_up=False)  # the table for results is written before the first pass alone
    alike, last = divmod(shape.output.channels, channels)
    for size, count in ((channels, alike - 1), (last, 1)):
        if size and count:
            passes.append((vector_work(machine, rest.of_channels(size), fmt_in, fmt_out), count))
    return VectorLayer(channels, tuple(passes))


def _fewer_channels(shape: VectorShape, fmt_in: Format, fmt_out: Format) -> Iterator[int]:
    """Channels of a pass of two, of three and so on, in whole planes; none where the layer is done in one."""
    if shape.divides_in(fmt_in, fmt_out):
        planes = ceil_div(shape.output.channels, UNIT_BYTES)
        yield from dict.fromkeys(UNIT_BYTES * ceil_div(planes, passes) for passes in range(2, planes + 1))


def vector_times(machine: Machine, buffers: Buffers, shape: VectorShape, fmt_in: Format, fmt_out: Format) -> Times:
    """Times of the layer for every element of ``strip_rows(shape)``."""
    layer = vector_layer(machine, shape, fmt_in, fmt_out)
    fits = layer.first.fits(buffers)
    read = layer.channels if shape.divides else shape.inputs[0].channels
    return Times(
        cycles=np.where(fits, layer.summed(lambda each: makespan(each.work)), INFEASIBLE),
        bound=np.where(fits, layer.summed(lambda each: each.work.lower_bound()), INFEASIBLE),
        compute=layer.summed(lambda each: each.work.compute_total),
        load=layer.summed(lambda each: each.work.load_total),
        input_load=layer.summed(lambda each: each.work.load_total - each.work.prologue_transfer),
        store=layer.summed(lambda each: each.work.store_total),
        bytes_read=layer.summed(lambda each: each.bytes_read),
        bytes_written=layer.summed(lambda each: each.bytes_written),
        channels=np.full_like(layer.first.held, layer.channels),
        units=np.full_like(layer.first.held, ceil_div(read, UNIT_BYTES)),
    )


def least_vector_buffers(machine: Machine, shapes: Iterable[VectorShape], least: int, most: int) -> VectorBuffers:
    """Buffers of the vector unit that hold a block of each layer: powers of two, of at least ``least`` bytes for inputs
    and half as many for outputs.

    In any formats and of all planes, but of layers that can be divided and would take more than ``most`` bytes for
    inputs: of these of as many planes as that holds, or of one.
    """
    taken = VectorBuffers(least, least // 2, 0)
    for shape in set(shapes):
        for smallest in _smallest_blocks(machine, shape, most):
            taken = taken.covering(smallest)
    return VectorBuffers(*(int(power(size)) if size else 0 for size in astuple(taken)))


def smallest_blocks(machine: Machine, shape: VectorShape, most: int) -> VectorBuffers:
    """What the layer's blocks take of the vector unit's buffers at the least, in the formats that take fewest bytes;
    ``most`` as above.
    """
    return min(_smallest_blocks(machine, shape, most), key=lambda taken: sum(astuple(taken)))


def _smallest_blocks(machine: Machine, shape: VectorShape, most: int) -> Iterator[VectorBuffers]:
    """One for each pair of formats in which the layer can be done."""
    unlimited = replace(machine, vector=None)
    for fmt_in in (Format.C16, Format.HWC) if machine.reads_pixels else (Format.C16,):
        for fmt_out in (Format.C16, Format.HWC):
            smallest = _smallest_block(unlimited, shape, fmt_in, fmt_out)
            fewer = _fewer_channels(shape, fmt_in, fmt_out)
            while smallest.inputs > most and (some := next(fewer, None)) is not None:
                smallest = _smallest_block(unlimited, shape.of_channels(some), fmt_in, fmt_out)
            if smallest.inputs > most and shape.divides and Format.HWC in (fmt_in, fmt_out):
                continue  # hwc has no planes: it is done in c16
            yield smallest


def _smallest_block(unlimited: Machine, shape: VectorShape, fmt_in: Format, fmt_out: Format) -> VectorBuffers:
    own = vector_work(unlimited, shape, fmt_in, fmt_out).own
    return own.at(int(np.argmin(own.inputs + own.outputs)))
