"""What every verification begins with: the model, the request and the device of a plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dynamap.backends.evidence.verification.differences import first_difference
from dynamap.backends.evidence.verification.report import Mismatch, require_equal
from dynamap.cost.device import Device, device_names, load_device
from dynamap.planner.network.joining.siblings import as_planned
from dynamap.planner.network.network import Network
from dynamap.planner.pbqp.certificates import CertificateError, check_certificate
from dynamap.planner.pbqp.problem import Problem
from dynamap.planner.plan.described import layer_shape, op_of
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.segments import timed_as
from dynamap.planner.plan.words import op_word
from dynamap.planner.request.replanning import given_overlay, stored_device, stored_request
from dynamap.planner.request.request import Request
from dynamap.planner.solvers import SOLVERS

OTHER_SOLVERS = {"dp": ("ilp", "cpsat"), "ilp": ("dp", "cpsat"), "cpsat": ("dp", "ilp"), "exhaustive": ("dp", "ilp")}
"""Solvers to ask again, by the plan's own, the first to be tried first."""


@dataclass(frozen=True)
class Subject:
    """A plan and the network that it is for; ``request`` and ``board`` are read from the plan.

    ``sharing``: all networks of the plan's overlay, where it was sized for several and all of them are needed.
    """

    plan: Plan
    network: Network
    request: Request
    board: Device
    sharing: tuple[Network, ...] = ()


def read_subject(plan: Plan, network: Network, sharing: tuple[Network, ...] = ()) -> Subject:
    """The request and the device, as the plan has them.

    Raises:
        InputError: they cannot be read.
    """
    same = as_planned(network, plan.layers)
    return Subject(plan, same, stored_request(plan), stored_device(plan), sharing)


def check_model(subject: Subject) -> str:
    """The plan's words on its model against the model."""
    model, network = subject.plan.model, subject.network
    require_equal("model.name", model.name, network.name)
    require_equal("model.macs", model.macs, sum(network.macs(layer) for layer in network.layers))
    require_equal("model.parameters", model.parameters, network.parameters)
    return f"{network.name}: SHA-256 {network.sha256[:16]}..., {model.macs:,} MAC, {model.parameters:,} parameters"


def check_request(subject: Subject) -> str:
    """That the plan answers its own request."""
    plan, request = subject.plan, subject.request
    if request.solver not in SOLVERS:
        raise Mismatch(f"request.solver is {request.solver!r}, which is no solver")
    require_equal("solver.name", plan.solver.name, request.solver)
    difference = first_difference(plan.document()["request"], request.document(), "request")
    if difference:
        raise Mismatch(difference)
    if request.array is not None:
        array = (plan.overlay.rows, plan.overlay.columns)
        require_equal("overlay.rows x overlay.columns", array, request.array)
    if request.overlay is not None:
        require_equal("overlay", given_overlay(plan), request.overlay)
        return f"asked: solver {request.solver}, the given overlay of {request.overlay.rows}x{request.overlay.columns}"
    array_asked = f", array {request.array[0]}x{request.array[1]}" if request.array else ""
    return f"asked: solver {request.solver}{array_asked}"


def check_device(subject: Subject) -> str:
    """The device's numbers, against those that come with the project where the name is one of theirs."""
    said, board, request = subject.plan.document()["device"], subject.board, subject.request
    overridden = request.overriding(board)
    difference = first_difference(said, overridden.document(), "device")
    if difference:
        raise Mismatch(difference)
    if board.name not in device_names():
        return f"{board.name}: taken as the plan has it, for no device of that name comes with the project"
    known = request.overriding(load_device(board.name))
    difference = first_difference(said, known.document(), "device")
    if difference:
        raise Mismatch(f"{difference} (device {board.name!r}); a device of your own needs a name of its own")
    return f"{board.name}, as it comes with the project" + (", with the request's overrides" if known != board else "")


def check_layers(subject: Subject) -> str:
    """Names, operations, shapes and multiply-accumulates of all layers, against the model."""
    plan, network = subject.plan, subject.network
    require_equal("the number of layers", len(plan.layers), len(network.layers))
    for index, (planned, layer) in enumerate(zip(plan.layers, network.layers, strict=True)):
        where = f"layers[{index}]"
        require_equal(f"{where}.name", planned.name, layer.name)
        where = f"{where} ({layer.name!r})"
        require_equal(f"{where}.op", op_word(planned), op_of(layer, network))
        require_equal(f"{where}.macs", planned.macs, network.macs(layer))
        require_equal(f"{where}.shape", planned.shape, layer_shape(layer, network))
    return f"{len(plan.layers)} layers: names, operations, shapes and multiply-accumulates are the model's"


def check_proof(subject: Subject, considered: int) -> str:
    """That status, bound and the numbers of arrays fit together; ``considered`` arrays were to be."""
    solver = subject.plan.solver
    proven = "optimal" if solver.bound == solver.objective else "feasible"
    if solver.status != proven:
        raise Mismatch(
            f"solver.status is {solver.status!r}, and solver.bound {solver.bound} with "
            f"solver.objective {solver.objective} means {proven!r}"
        )
    if solver.bound > solver.objective:
        raise Mismatch(f"solver.bound {solver.bound} is above solver.objective {solver.objective}")
    require_equal("solver.arrays_considered", solver.arrays_considered, considered)
    if not 1 <= solver.arrays_solved <= considered:
        raise Mismatch(f"solver.arrays_solved is {solver.arrays_solved}, of {considered} arrays considered")
    gap = f"bound {solver.bound:,} of {solver.objective:,} {solver.unit}"
    return f"{solver.status}: {gap}, {considered:,} arrays considered"


def replayed(problem: Problem, certificate: object) -> tuple[int, int, bool]:
    """``check_certificate``, with the plan's key in front of what does not hold.

    Raises:
        Mismatch: the certificate is malformed or claims what is not so.
    """
    try:
        return check_certificate(problem, certificate)
    except CertificateError as error:
        raise Mismatch(f"solver.certificate: {error}") from None


def require_optimum(subject: Subject, objective: int, by: str) -> str:
    """Compares what another solver found on the plan's array.

    Raises:
        Mismatch: the plan's objective is not that, or, where it is not proven, not between bound and that.
    """
    solver = subject.plan.solver
    if solver.status == "optimal":
        require_equal("solver.objective", solver.objective, objective)
        return f"{by} finds the same {objective:,} {solver.unit} on this array, over all formats"
    if not solver.bound <= objective <= solver.objective:
        raise Mismatch(
            f"{by} finds {objective}, which is not between solver.bound {solver.bound} and "
            f"solver.objective {solver.objective}"
        )
    return f"{by} finds {objective:,}, between the bound {solver.bound:,} and the objective {solver.objective:,}"


def with_own_words(written: Plan, plan: Plan) -> Plan:
    """The plan written again, with what another run may say differently: its time, and how the model was found."""
    return replace(
        written,
        model=replace(written.model, source=plan.model.source, seed=plan.model.seed),
        solver=replace(written.solver, seconds=plan.solver.seconds),
        segments=timed_as(written.segments, plan.segments),
    )
