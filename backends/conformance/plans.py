"""Plans on tiny overlays, made by the planner or decided by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dynamap.backends.contract import Int8Array
from dynamap.cost.algorithms import Algorithm
from dynamap.cost.device import Device, load_device
from dynamap.cost.geometry import Window
from dynamap.cost.overlay.machine import Buffers
from dynamap.cost.overlay.options import DATAFLOWS_OF
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Network
from dynamap.planner.plan.document import blocking_document, layer_document, read_layer
from dynamap.planner.plan.layers import Blocking, PlannedLayer
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import restrictions_for, solver_of, target
from dynamap.planner.search.fixed import fixed_search
from dynamap.planner.search.writing import write_plan

TINY = Buffers(input_buffer=16384, weight_buffer=16384, accumulator_rows=256, row_buffer=2048)
SMALL = Buffers(input_buffer=65536, weight_buffer=65536, accumulator_rows=1024, row_buffer=8192)


_NARROW = load_device("pynq-z2")
ONE_PRODUCT = replace(_NARROW, resources=replace(_NARROW.resources, bram36=2 * _NARROW.resources.bram36))
"""A device that is planned on with one product per multiplier: a PYNQ-Z2 whose memory has room for `SMALL` too."""


def plan_on(
    network: Network,
    array: tuple[int, int],
    buffers: Buffers = SMALL,
    device: str | Device = ONE_PRODUCT,
    request: Request | None = None,
) -> Plan:
    """The best plan on an overlay with this array and these buffers; without a request, `ONE_PRODUCT` does not pack."""
    request = request or Request(packing=False if device == ONE_PRODUCT else None)
    board, machine, candidates = target(device, request, network)
    storages = find_storages(network)
    costs = LayerCosts(network, storages, machine, restrictions_for(network, request))
    found = fixed_search(costs, storages, *array, [buffers], solve=solver_of(request))
    return write_plan(network, board, request.document(), costs, storages, candidates, found)


def ways(window: Window) -> list[tuple[str, int | None, str]]:
    """Algorithms, Winograd tiles and dataflows that docs/overlay.md allows for a window."""
    tiles: dict[Algorithm, tuple[int | None, ...]] = {Algorithm.IM2COL: (None,)}
    if window.kernel != (1, 1) and window.stride == (1, 1):
        if window.pads[1] + window.pads[3] < window.extent[1]:  # the output is no wider than the input
            tiles[Algorithm.KN2ROW] = (None,)
        if window.dilation == (1, 1):
            tiles[Algorithm.WINOGRAD] = (2, 4, 5) if min(window.kernel) == 1 else (2, 4)
    return [
        (algorithm.value, tile, flow.value)
        for algorithm, some in tiles.items()
        for tile in some
        for flow in DATAFLOWS_OF[algorithm]
    ]


def redecided(layer: PlannedLayer, **words: object) -> PlannedLayer:
    """The layer with other decisions, given as the plan's document has them (or as a ``Blocking``)."""
    blocking = words.get("blocking")
    if isinstance(blocking, Blocking):
        words["blocking"] = blocking_document(blocking)
    return read_layer(layer_document(layer) | words, published=False)


def integer_image(network: Network, seed: int) -> dict[str, Int8Array]:
    """Every int8 value is as likely, the extremes included."""
    generator = np.random.default_rng(seed)
    return {
        name: generator.integers(-128, 128, network.tensors[name].as_list()).astype(np.int8) for name in network.inputs
    }
