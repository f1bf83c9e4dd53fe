"""Whether a plan's choices can be carried out on its network, so that lowering it to a program cannot go wrong."""

from __future__ import annotations

from collections.abc import Iterator

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.convolution import ConvShape
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.machine import UNIT_BYTES
from dynamap.cost.overlay.options import WINOGRAD_TILES, applicable, winograd_fits
from dynamap.cost.overlay.transfer import Format
from dynamap.planner.mapping.blocking import MODES
from dynamap.planner.mapping.storage import find_storages, sliced
from dynamap.planner.network.network import Conv, Layer, Network
from dynamap.planner.network.work import work_of
from dynamap.planner.plan.plan import Plan, PlannedLayer
from dynamap.planner.planning import layer_shape


def require_executable(plan: Plan, network: Network) -> None:
    """Checks shapes, algorithms, dataflows and blockings of all layers that the overlay executes.

    Raises:
        InputError: naming the first layer and key that cannot be carried out.
    """
    if [layer.name for layer in plan.layers] != [layer.name for layer in network.layers]:
        raise InputError(f"the plan's layers are not those of {network.name!r}; plan the model again")
    executed = {layer.name for layer in find_storages(network).executed}
    for planned, layer in zip(plan.layers, network.layers, strict=True):
        if layer.name in executed:
            for problem in _problems(planned, layer, network):
                raise InputError(f"layer {layer.name!r}: {problem}; plan the model again")


def _problems(planned: PlannedLayer, layer: Layer, network: Network) -> Iterator[str]:
    if planned.shape != layer_shape(layer, network):
        yield "its shape is not the model's"
    work = work_of(layer, network)
    if isinstance(work, ConvShape):
        assert isinstance(layer, Conv)
        dense = layer.groups > 1 and not sliced(layer, network)
        yield from _choice_problems(planned, work.split_groups(UNIT_BYTES, dense=dense)[0])
    else:
        yield from _blocking_problems(planned, work.output.height, work.output.channels, 1)
    known = (Format.C16.value, Format.HWC.value)
    im2col = planned.algorithm == Algorithm.IM2COL.value
    if planned.input_format not in known and not (im2col and planned.input_format == Format.TOEPLITZ.value):
        yield f"input_format {planned.input_format!r} does not go with algorithm {planned.algorithm!r}"
    if planned.output_format not in known:
        yield f"output_format is {planned.output_format!r}, which is none of {', '.join(known)}"


def _choice_problems(planned: PlannedLayer, group: ConvShape) -> Iterator[str]:
    """Problems of a convolution on the array; ``group`` is one of its groups."""
    algorithms = {a.value: a for a in Algorithm}
    if planned.algorithm not in algorithms:
        yield f"algorithm is {planned.algorithm!r}, which is none of {', '.join(algorithms)}"
    elif not applicable(group, algorithms[planned.algorithm]):
        yield f"algorithm {planned.algorithm!r} cannot compute this convolution"
    flows = [d.value for d in Dataflow]
    if planned.dataflow not in flows:
        yield f"dataflow is {planned.dataflow!r}, which is none of {', '.join(flows)}"
    tiles = WINOGRAD_TILES if planned.algorithm == Algorithm.WINOGRAD.value else (None,)
    if planned.winograd_tile not in tiles:
        yield f"winograd_tile is {planned.winograd_tile!r}, which does not go with {planned.algorithm!r}"
    elif planned.winograd_tile and not winograd_fits(group, planned.winograd_tile):
        yield f"winograd_tile is {planned.winograd_tile}, which is not for this kernel or overflows its sums"
    step = group.winograd_step(planned.winograd_tile)[0] if planned.winograd_tile in WINOGRAD_TILES else 1
    units = ceil_div(group.input.channels, UNIT_BYTES)
    whole = planned.input_format != Format.C16.value
    yield from _blocking_problems(planned, group.output.height, group.out_channels, step)
    if planned.blocking is not None and not (units if whole else 1) <= planned.blocking.planes <= units:
        yield f"blocking.planes is {planned.blocking.planes}, of {units} channel units"


def _blocking_problems(planned: PlannedLayer, height: int, channels: int, step: int) -> Iterator[str]:
    blocking = planned.blocking
    if blocking is None:
        yield "it has no blocking"
        return
    if blocking.mode not in MODES:
        yield f"blocking.mode is {blocking.mode!r}, which is none of {', '.join(MODES)}"
    if not 1 <= blocking.rows <= height or (blocking.rows < height and blocking.rows % step):
        yield f"blocking.rows is {blocking.rows}, of {height} output rows in steps of {step}"
    if not 1 <= blocking.channels <= channels or (blocking.channels < channels and blocking.channels % UNIT_BYTES):
        yield f"blocking.channels is {blocking.channels}, of {channels} output channels in units of {UNIT_BYTES}"
