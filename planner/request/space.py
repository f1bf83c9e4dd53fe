"""What a request leaves open: the device and its machine, the overlays, and what each convolution may use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.convolution import ConvShape
from dynamap.cost.device import MOST_MULTIPLIERS, Device, load_device
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.likeness import suggestion
from dynamap.cost.overlay.fitting.candidates import Candidates, require_array
from dynamap.cost.overlay.fitting.target import FILL_PERCENT, array_limit
from dynamap.cost.overlay.machine import NO_VECTOR_BUFFERS, Machine
from dynamap.cost.overlay.options import DATAFLOWS_OF, applicable
from dynamap.cost.words import shown
from dynamap.planner import solvers
from dynamap.planner.mapping.overlay_costs import Restriction
from dynamap.planner.network.network import Conv, Network
from dynamap.planner.network.work import work_of
from dynamap.planner.pbqp.problem import Solution
from dynamap.planner.request.kept_parts import allowed_algorithms, require_parts
from dynamap.planner.request.request import Request
from dynamap.planner.request.transforms import least_extras, transforms_for
from dynamap.planner.request.vector_room import largest_layer, machine_for
from dynamap.planner.search.candidates import ArrayCandidates, FixedCandidates


def restrictions_for(network: Network, request: Request) -> dict[str, Restriction]:
    """What each convolution may use.

    Raises:
        InputError: a pin names a layer that does not exist or that the array does not run.
    """
    convs = {layer.name: layer for layer in network.layers if isinstance(layer, Conv)}
    pins = request.pins
    if request.together is not None:
        pins = {name: choice for name, choice in pins.items() if name in convs}
    for name in pins:
        _require_pinnable(name, network, convs, request.cost_model)
    restrictions = {}
    for name in convs:
        algorithms, dataflows = allowed_algorithms(request), request.dataflows
        if name in pins:
            algorithm, dataflow = pins[name]
            algorithms = (algorithm,)
            dataflows = (dataflow,) if dataflow else dataflows
        restrictions[name] = Restriction(algorithms, dataflows)
        work = work_of(convs[name], network)
        if request.cost_model == "overlay" and isinstance(work, ConvShape):
            _require_algorithm(name, work, algorithms)
            _require_dataflow(name, algorithms, dataflows)
    return restrictions


def _require_pinnable(name: str, network: Network, convs: Mapping[str, Conv], cost_model: str) -> None:
    if name not in convs:
        raise InputError(
            f"--pin names {name!r}, which is not a convolution of {network.name!r}{suggestion(name, convs)} "
            "(`dynamap check` lists the layers)"
        )
    if cost_model == "overlay" and not isinstance(work_of(convs[name], network), ConvShape):
        raise InputError(
            f"--pin {name!r}: a depthwise convolution runs on the vector unit and has no algorithm to choose"
        )


def _require_algorithm(name: str, shape: ConvShape, allowed: tuple[Algorithm, ...]) -> None:
    possible = [algorithm for algorithm in Algorithm if applicable(shape, algorithm)]
    if not set(possible) & set(allowed):
        kernel, stride = ("x".join(map(str, pair)) for pair in (shape.window.kernel, shape.window.stride))
        raise InfeasibleError(
            f"layer {name!r} (kernel {kernel}, stride {stride}) can run by "
            f"{', '.join(a.value for a in possible)} only, and {', '.join(a.value for a in allowed)} is allowed: "
            "widen --algorithms or its --pin"
        )


def _require_dataflow(name: str, algorithms: tuple[Algorithm, ...], allowed: tuple[Dataflow, ...]) -> None:
    possible = {dataflow for algorithm in algorithms for dataflow in DATAFLOWS_OF[algorithm]}
    if not possible & set(allowed):
        raise InfeasibleError(
            f"layer {name!r} by {_either(a.value for a in algorithms)} needs dataflow "
            f"{_either(d.value for d in Dataflow if d in possible)}, and only {_either(d.value for d in allowed)} may "
            "be used: widen --dataflows or its --pin"
        )


def _either(words: Iterable[str]) -> str:
    return " or ".join(words)


def target(device: str | Device, request: Request, *networks: Network) -> tuple[Device, Machine, Candidates]:
    """The device with the request's overrides, its machine, and every array that fits with what ``networks`` need."""
    board = load_device(device) if isinstance(device, str) else device
    board = request.overriding(board)
    if request.overlay is not None:
        for network in networks:
            require_parts(request.overlay.parts.extras, network, request)
    machine = machine_for(board, request, networks)
    if request.multipliers is not None and request.multipliers < 1:
        raise InputError(f"--multipliers must be positive, found {request.multipliers}")
    if request.multipliers is not None and request.multipliers > MOST_MULTIPLIERS:
        raise InputError(f"--multipliers must be at most {MOST_MULTIPLIERS:,}, found {shown(request.multipliers)}")
    limit = array_budget(board, machine, request)
    try:
        return board, machine, arrays(board, machine, limit, request, networks)
    except InfeasibleError as failure:
        raise _with_layer(failure, board, machine, limit, request, networks) from None


def _with_layer(
    failure: InfeasibleError,
    board: Device,
    machine: Machine,
    limit: int,
    request: Request,
    networks: Sequence[Network],
) -> InfeasibleError:
    """Why no array fits, with the layer without which one would, where that is for the vector unit's buffers."""
    largest = None if request.overlay is not None else largest_layer(board, machine, networks)
    if largest is None:
        return failure
    try:
        arrays(board, replace(machine, vector=NO_VECTOR_BUFFERS), limit, request, networks)
    except InfeasibleError:
        return failure
    return InfeasibleError(f"{largest}: {failure}")


def arrays(board: Device, machine: Machine, limit: int, request: Request, networks: Sequence[Network]) -> Candidates:
    """Every array of at most ``limit`` PEs that fits with what ``networks`` need."""
    given = None if request.overlay is None else request.overlay.buffers
    extras, transforms = least_extras(networks, request), transforms_for(networks, request)
    return Candidates.of(board, machine, limit, extras, transforms, given)


def array_budget(board: Device, machine: Machine, request: Request) -> int:
    """Multipliers that the array may take: what --fill leaves to it and --multipliers says.

    An overlay that exists takes what it takes of the device.
    """
    if request.overlay is not None:
        return array_limit(board, machine, 100)
    if request.multipliers is None:
        return array_limit(board, machine, FILL_PERCENT if request.fill_percent is None else request.fill_percent)
    if request.fill_percent is None:
        return request.multipliers
    return min(request.multipliers, array_limit(board, machine, request.fill_percent))


def search_space(candidates: Candidates, request: Request) -> ArrayCandidates:
    """The overlays among which a request leaves the choice: all that fit, those of one array, or a single one.

    Raises:
        InputError, InfeasibleError: the array or the overlay that it asks for cannot be.
    """
    if request.overlay is not None:
        request.overlay.require_fit(candidates)
        return FixedCandidates.of(request.overlay.rows, request.overlay.columns, [request.overlay.buffers])
    if request.array is not None:
        require_array(candidates, *request.array, continued=(request.fill_percent or 0) > FILL_PERCENT)
        return candidates.only(*request.array)
    return candidates


def solver_of(request: Request) -> Callable[..., Solution]:
    """``solvers.solve`` with the request's engine and memory limit."""
    return partial(solvers.solve, ilp_engine=request.ilp_engine, memory_limit_bytes=request.memory_limit_mb << 20)
