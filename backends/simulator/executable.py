"""Whether a plan's choices can be carried out on its network, so that lowering it to a program cannot go wrong."""

from __future__ import annotations

from collections.abc import Iterator

from dynamap.backends.program.lowering.compile import executed_layers
from dynamap.cost.algorithms import Algorithm
from dynamap.cost.convolution import ConvShape
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.machine import UNIT_BYTES
from dynamap.cost.overlay.options import DATAFLOWS_OF, applicable, winograd_fits
from dynamap.cost.overlay.transfer import Format
from dynamap.cost.overlay.vector import VectorShape
from dynamap.planner.mapping.storage import find_storages, sliced
from dynamap.planner.network.network import Conv, Layer, Network
from dynamap.planner.network.work import work_of
from dynamap.planner.plan.described import layer_shape
from dynamap.planner.plan.layers import OnArray, OnVectorUnit
from dynamap.planner.plan.plan import Plan


def require_executable(plan: Plan, network: Network) -> None:
    """Checks shapes, algorithms, dataflows and blockings of all layers that the overlay executes.

    Raises:
        InputError: naming the first layer and key that cannot be carried out.
    """
    if [layer.name for layer in plan.layers] != [layer.name for layer in network.layers]:
        raise InputError(f"the plan's layers are not those of {network.name!r}; plan the model again")
    executed = executed_layers(plan, network, find_storages(network))
    for layer in network.layers:
        if layer.name in executed:
            for problem in _problems(executed[layer.name], layer, network):
                raise InputError(f"layer {layer.name!r}: {problem}; plan the model again")


def _problems(planned: OnArray | OnVectorUnit, layer: Layer, network: Network) -> Iterator[str]:
    if planned.shape != layer_shape(layer, network):
        yield "its shape is not the model's"
    work = work_of(layer, network)
    if isinstance(work, ConvShape):
        assert isinstance(layer, Conv) and isinstance(planned, OnArray)
        dense = layer.groups > 1 and not sliced(layer, network)
        yield from _choice_problems(planned, work.split_groups(UNIT_BYTES, dense=dense)[0])
    else:
        yield from _blocking_problems(planned, work.output.height, work.output.channels, 1)
        yield from _pass_problems(planned, work)
    im2col = isinstance(planned, OnArray) and planned.choice.algorithm is Algorithm.IM2COL
    if planned.input_format is Format.TOEPLITZ and not im2col:
        yield "input_format 'toeplitz' goes with algorithm 'im2col' alone"
    if planned.output_format is Format.TOEPLITZ:
        yield "output_format is 'toeplitz', which is for the network's input alone"


def _choice_problems(planned: OnArray, group: ConvShape) -> Iterator[str]:
    """Problems of a convolution on the array; ``group`` is one of its groups."""
    algorithm, tile = planned.choice.algorithm, planned.choice.winograd
    if not applicable(group, algorithm):
        yield f"algorithm {algorithm.value!r} cannot compute this convolution"
    elif planned.choice.dataflow not in DATAFLOWS_OF[algorithm]:
        yield f"dataflow {planned.choice.dataflow.value!r} is not for algorithm {algorithm.value!r}"
    if tile and not winograd_fits(group, tile.outputs):
        yield f"winograd_tile is {tile.outputs}, which is not for this kernel or overflows its sums"
    step = group.winograd_step(tile.outputs)[0] if tile else 1
    units = ceil_div(group.input.channels, UNIT_BYTES)
    whole = planned.input_format is not Format.C16
    yield from _blocking_problems(planned, group.output.height, group.out_channels, step)
    if planned.blocking is not None and not (units if whole else 1) <= planned.blocking.units <= units:
        yield f"blocking.planes is {planned.blocking.units}, of {units} channel units"


def _pass_problems(planned: OnArray | OnVectorUnit, work: VectorShape) -> Iterator[str]:
    """Problems of the passes of a vector layer."""
    blocking = planned.blocking
    read, written = planned.input_format, planned.output_format
    if blocking is None or not isinstance(read, Format) or not isinstance(written, Format):
        return
    if not work.takes_passes_over(blocking.channels, read, written):
        yield (
            f"blocking.channels is {blocking.channels}, and it cannot be done in passes over so many of its "
            f"{work.output.channels} channels"
        )


def _blocking_problems(planned: OnArray | OnVectorUnit, height: int, channels: int, step: int) -> Iterator[str]:
    blocking = planned.blocking
    if blocking is None:
        yield "it has no blocking"
        return
    if not 1 <= blocking.rows <= height or (blocking.rows < height and blocking.rows % step):
        yield f"blocking.rows is {blocking.rows}, of {height} output rows in steps of {step}"
    if not 1 <= blocking.channels <= channels or (blocking.channels < channels and blocking.channels % UNIT_BYTES):
        yield f"blocking.channels is {blocking.channels}, of {channels} output channels in units of {UNIT_BYTES}"
