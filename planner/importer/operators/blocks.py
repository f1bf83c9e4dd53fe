"""Blocks of pixels that become channels, and channels that become blocks of pixels.

SpaceToDepth is a convolution whose windows do not overlap. DepthToSpace interleaves groups of channels, each of which
starts at a multiple of 16: the convolution before it writes them so, or a 1 x 1 convolution does.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.machine import UNIT_BYTES, round_up
from dynamap.planner.importer.drafts import ConvSpec, LayerDraft, ResizeSpec, TensorDraft, Unsupported, Value
from dynamap.planner.importer.fates import Fate
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.limits import MAX_ELEMENTS
from dynamap.planner.importer.lowering import Lowering, refuse_view
from dynamap.planner.importer.operators.conv import check_size
from dynamap.planner.importer.operators.selection import gathered
from dynamap.planner.importer.patterns import only_reader

_AGAIN = "export the model again; the file may be damaged"
Ints = npt.NDArray[np.int64]


def space_to_depth(lowering: Lowering, node: Node) -> None:
    """SpaceToDepth: output channel (dy, dx, c), in this order, is pixel (dy, dx) of each block."""
    value, block = _block(lowering, node)
    chw = value.tensor.shape
    if chw.height % block or chw.width % block:
        raise Unsupported(f"blocks of {block} do not fit {chw.height} x {chw.width} elements", _AGAIN)
    taps = [(dy, dx, c) for dy in range(block) for dx in range(block) for c in range(chw.channels)]
    emit_space_to_depth(lowering, node, value, block, taps)


def depth_to_space(lowering: Lowering, node: Node) -> None:
    """DepthToSpace: channels (dy, dx, c), or (c, dy, dx) in mode CRD, become blocks of pixels."""
    value, block = _block(lowering, node)
    chw = value.tensor.shape
    channels, rest = divmod(chw.channels, block * block)
    mode = node.text("mode", "DCR")
    if rest or not channels or mode not in ("DCR", "CRD"):
        raise Unsupported(f"{chw.channels} channels are no blocks of {block} x {block} (mode {mode})", _AGAIN)
    check_size(chw.height * block, chw.width * block)
    numbers = np.arange(chw.channels)
    deep, crossed = numbers.reshape(block * block, channels), numbers.reshape(channels, block * block).T
    phases = deep if mode == "DCR" else crossed
    emit_depth_to_space(lowering, node, value, block, phases)


def take_block_shuffle(lowering: Lowering, node: Node) -> bool:
    """A Reshape, Transpose and Reshape that move pixels into channels or back; False where ``node`` begins none."""
    found = _shuffle_of(lowering, node)
    if found is None:
        return False
    value, transpose, last, moved = found
    chw = value.tensor.shape
    target = TensorShape(*moved.shape)
    if target.channels > chw.channels:
        block = math.isqrt(target.channels // chw.channels)
        taps = _taps(moved, chw, block)
        if taps is None:
            return False
        emit_space_to_depth(lowering, last, value, block, taps)
    else:
        block = math.isqrt(chw.channels // target.channels)
        phases = _phases(moved, chw, block)
        if phases is None:
            return False
        emit_depth_to_space(lowering, last, value, block, phases)
    for before in (node, transpose):
        lowering.verdict(before, Fate.FOLDED, lowering.verdicts[last.index].draft, "moves pixels and channels")
    return True


def emit_space_to_depth(
    lowering: Lowering, node: Node, value: Value, block: int, taps: list[tuple[int, int, int]]
) -> None:
    """Output channel i is pixel (dy, dx) of channel c of each block, (dy, dx, c) being ``taps[i]``."""
    chw = value.tensor.shape
    weights = np.zeros((len(taps), chw.channels, block, block), np.float32)
    for channel, (row, column, source) in enumerate(taps):
        weights[channel, source, row, column] = 1
    spec = ConvSpec(Window((block, block), (block, block)), weights, np.zeros(len(taps), np.float32))
    shape = TensorShape(len(taps), chw.height // block, chw.width // block)
    draft = lowering.emit(node, spec, [value.tensor], shape)
    _keep(lowering, node, value, draft)


def emit_depth_to_space(lowering: Lowering, node: Node, value: Value, block: int, phases: Ints) -> None:
    """Channel c of pixel (dy, dx) of each block is channel ``phases[dy block + dx, c]``."""
    channels = phases.shape[1]
    each = round_up(channels, UNIT_BYTES)
    padded = np.full((len(phases), each), -1, np.int64)
    padded[:, :channels] = phases
    source = gathered(lowering, node, value, padded.ravel().tolist())
    draft = interleaved(lowering, node, source.output, channels, (block, block), (source,))
    _keep(lowering, node, value, draft)


def interleaved(
    lowering: Lowering,
    node: Node,
    source: TensorDraft,
    channels: int,
    factors: tuple[int, int],
    parts: tuple[LayerDraft, ...],
) -> LayerDraft:
    """The Resize that interleaves the groups of channels that ``parts`` write in ``source``; the output of ``node``."""
    shape = TensorShape(channels, source.shape.height * factors[0], source.shape.width * factors[1])
    draft = lowering.emit(node, ResizeSpec(*factors, interleaved=True), [source], shape)
    draft.parts = parts
    return draft


def _keep(lowering: Lowering, node: Node, value: Value, draft: LayerDraft) -> None:
    """What the value holds, integers or real values, its copy holds as well."""
    draft.output.quantisation = value.tensor.quantisation
    shape = (1, *draft.output.shape.as_list())
    lowering.bind(node.outputs[0], Value(draft.output, shape, False, value.integer, value.dequantised))


def _block(lowering: Lowering, node: Node) -> tuple[Value, int]:
    value, block = lowering.read(node, 0), node.integer("blocksize", 0)
    if not value.is_plain or len(value.shape) != 4:
        raise refuse_view(node, 0, value)
    if block < 1:
        raise Unsupported(f"its blocksize is {block}", _AGAIN)
    return value, block


def _shuffle_of(lowering: Lowering, node: Node) -> tuple[Value, Node, Node, Ints] | None:
    """The value before three nodes, the other two of them, and where each element of the result comes from."""
    value = lowering.values.get(node.inputs[0]) if node.op == "Reshape" and not node.domain else None
    if not isinstance(value, Value) or not value.is_plain or len(value.shape) != 4:
        return None
    transpose = _next(lowering, node, "Transpose")
    last = None if transpose is None else _next(lowering, transpose, "Reshape")
    shapes = [None if one is None else lowering.constant(one.inputs[1]) for one in (node, last)]
    if transpose is None or last is None or None in shapes or value.tensor.shape.elements > MAX_ELEMENTS // 64:
        return None
    first, second = (tuple(int(size) for size in one.array.ravel()) for one in shapes if one is not None)
    perm = transpose.integers("perm")
    numbers = np.arange(value.tensor.shape.elements)
    try:
        moved = numbers.reshape(_sizes(first, value.shape)).transpose(perm)
        moved = moved.reshape(_sizes(second, moved.shape))
    except (ValueError, IndexError):  # these nodes are judged one by one
        return None
    chw = value.tensor.shape
    if moved.ndim != 4 or moved.shape[0] != 1 or moved.shape[1] == chw.channels:
        return None
    value = lowering.read(node, 0)
    return value, transpose, last, moved[0]


def _sizes(given: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(shape[axis] if size == 0 else size for axis, size in enumerate(given))


def _next(lowering: Lowering, node: Node, op: str) -> Node | None:
    """The node of this operator that alone reads the output of ``node``, as what it works on."""
    try:
        reader = only_reader(lowering, node.outputs[0], op)
    except Unsupported:  # that node is judged when it is lowered by itself
        return None
    return reader if reader is not None and reader.inputs[0] == node.outputs[0] else None


def _taps(moved: Ints, chw: TensorShape, block: int) -> list[tuple[int, int, int]] | None:
    """The pixel of a block and the channel that every channel of ``moved`` is; None where it is something else."""
    channels, height, width = moved.shape
    if (height * block, width * block) != (chw.height, chw.width):
        return None
    sources, rows, columns = np.unravel_index(moved[:, 0, 0], tuple(chw.as_list()))
    if rows.max() >= block or columns.max() >= block:
        return None
    grid = np.arange(height)[:, None] * block * chw.width + np.arange(width) * block
    if not np.array_equal(moved, moved[:, :1, :1] + grid):
        return None
    return [(int(rows[i]), int(columns[i]), int(sources[i])) for i in range(channels)]


def _phases(moved: Ints, chw: TensorShape, block: int) -> Ints | None:
    """The channel that every channel of ``moved`` has for every pixel of a block; None where it is something else."""
    channels, height, width = moved.shape
    if (chw.height * block, chw.width * block) != (height, width) or block < 2:
        return None
    phases = moved[:, :block, :block].reshape(channels, -1).T // (chw.height * chw.width)
    grid = np.arange(chw.height)[:, None] * chw.width + np.arange(chw.width)
    wanted = phases.T.reshape(channels, 1, block, 1, block) * (chw.height * chw.width) + grid[:, None, :, None]
    return phases if np.array_equal(moved, wanted.reshape(moved.shape)) else None
