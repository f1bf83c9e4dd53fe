"""Programs on the kernel: values to the bit and cycles as the closed form has them, and what the RTL refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest

from dynamap.backends.conformance.plans import redecided
from dynamap.backends.executors import NumpyExecutor
from dynamap.backends.hardware.sizes import simulated_sizes
from dynamap.backends.program.encoding import read_program
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.program.specification import Flag, FormatCode, Op
from dynamap.backends.vitis_rtl.executor import RtlExecutor
from dynamap.backends.vitis_rtl.program.folding import folded
from dynamap.backends.vitis_rtl.program.records import RecordOp, records_address, records_of
from dynamap.backends.vitis_rtl.program.shape import kernel_shape
from dynamap.cost.device import load_device
from dynamap.cost.errors import InputError
from dynamap.planner.plan.layers import Blocking, Mode
from support.repository import DIGITS_MODEL
from support.rtl_programs import Case, Convolution, case_of, chain, check_run

LAYERS = (
    Convolution(32, kernel=3),
    Convolution(48, activation="Sigmoid"),
    Convolution(16, kernel=3, stride=2, activation="Sigmoid"),
    Convolution(100, kernel=5, activation=""),
)


@pytest.fixture(scope="module")
def rtl_executor() -> RtlExecutor:
    """Of many programs, most of them on one kernel: compiled to run fast."""
    return RtlExecutor("-O1")


@pytest.fixture(scope="module")
def case() -> Case:
    return case_of(chain((16, 9, 10), LAYERS))


def test_a_network_from_memory_to_memory(rtl_executor: RtlExecutor, case: Case) -> None:
    """Inputs and weights stream, in one block and in several; two layers have tables of their own."""
    records = records_of(case.program, kernel_shape(case.program, simulated_sizes(case.program))).records
    assert [record.op for record in records].count(RecordOp.TABLE) == 2
    check_run(case, rtl_executor)


def test_the_planners_own_formats(rtl_executor: RtlExecutor) -> None:
    """An image of three channels as the host's windows, and c16 between layers."""
    layers = (Convolution(24, kernel=3), Convolution(40), Convolution(20, 3, 2, "Sigmoid"), Convolution(10, 3))
    case = case_of(chain((3, 12, 13), layers), formats=None)
    assert {command.input_format for command in case.program.commands} == {FormatCode.TOEPLITZ, FormatCode.C16}
    check_run(case, rtl_executor)


def test_passes_that_keep_their_sums(rtl_executor: RtlExecutor) -> None:
    """A contraction in chunks: all passes of the layer but the last one store nothing."""
    case = case_of(chain((640, 3, 3), (Convolution(64, kernel=3), Convolution(32))), formats=None)
    kept = [command for command in case.program.commands if not command.flags & Flag.STORE]
    assert len(kept) > 1
    check_run(case, rtl_executor)


def test_a_whole_network(rtl_executor: RtlExecutor) -> None:
    """digits as the planner plans it: branches that are joined, a residual addition."""
    case = case_of(onnx.load(DIGITS_MODEL), formats=None)
    commands = case.program.commands
    assert {command.op for command in commands} == {Op.CONV, Op.MAX_POOL, Op.AVERAGE_POOL, Op.ADD, Op.CONCAT}
    check_run(case, rtl_executor)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_memory_that_stalls_changes_no_value(rtl_executor: RtlExecutor, case: Case, seed: int) -> None:
    check_run(case, rtl_executor, ("--stalls", str(seed)), timed=False)


@pytest.mark.parametrize("layer", [0, 2])
@pytest.mark.parametrize("operand", ["weights", "output"])
def test_a_refused_access_stops_and_says_where(rtl_executor: RtlExecutor, case: Case, layer: int, operand: str) -> None:
    """Weights are read by their own layer only, and nothing of a tensor's memory is used before layer 0."""
    program = case.program
    address = getattr(program.commands_of(layer)[0], f"{operand}_address")
    first = (
        layer
        if operand == "weights"
        else min(
            command.layer for command in program.commands if address in (command.input_address, command.output_address)
        )
    )
    number, name = program.layers[first].first_command, program.layer_names[first]
    with pytest.raises(
        InputError, match=rf"refused an access \(response 2\) at .* in command {number} of layer {name}$"
    ):
        list(rtl_executor.run_with(program, case.image, ("--fail", str(address))))


def test_a_refused_access_to_a_record_stops_too(rtl_executor: RtlExecutor, case: Case) -> None:
    with pytest.raises(InputError, match="refused an access"):
        list(rtl_executor.run_with(case.program, case.image, ("--fail", str(records_address(case.program) + 1024))))


def test_what_the_core_cannot_do_is_refused_by_layer_and_operation(rtl_executor: RtlExecutor) -> None:
    board = load_device("zcu104")
    board = replace(board, system=replace(board.system, memory_ports=1, port_bytes=32, memory_banks=("HP0",)))
    case = case_of(chain((16, 6, 6), [Convolution(16, kernel=3)]), formats="hwc", device=board)
    message = r"layer 'c0' \(conv\): the core reads hwc in words of 64 bytes only: plan again"
    with pytest.raises(InputError, match=message):
        list(rtl_executor.run(case.program, case.image))


def test_kn2row_with_its_zero_points_in_the_bias(rtl_executor: RtlExecutor) -> None:
    """Blocks and kept sums; the emulator runs the folded program to the same values."""
    case = case_of(chain((16, 9, 10), (Convolution(32, 3), Convolution(48, 5), Convolution(100, 3, activation="Tanh"))))
    plan = replace(case.plan, layers=tuple(redecided(layer, algorithm="kn2row") for layer in case.plan.layers))
    program = compile_program(plan, case.quantised)
    assert all(command.data_offset for command in program.commands)
    assert {command.flags & Flag.ACCUMULATE for command in program.commands} == {Flag.ACCUMULATE, Flag(0)}
    same = folded(program)
    assert read_program(same.image).commands == same.commands
    assert not any(command.data_offset for command in same.commands)
    for run, other in zip(*(NumpyExecutor().run(each, case.image) for each in (program, same)), strict=True):
        np.testing.assert_array_equal(run.values, other.values)
    check_run(replace(case, plan=plan, program=program), rtl_executor)


def test_dataflows_in_turn(rtl_executor: RtlExecutor) -> None:
    """What stays changes from layer to layer: nothing of one is left in the next."""
    layers = [Convolution(24, 3), Convolution(40), Convolution(20, 3, 2, "Sigmoid"), Convolution(33, 3)]
    case = case_of(chain((16, 9, 10), layers * 2))
    flows = ("ws", "ns", "is", "ns", "ws", "is", "ws", "is")
    changed = (redecided(layer, dataflow=flow) for layer, flow in zip(case.plan.layers, flows, strict=True))
    plan = replace(case.plan, layers=tuple(changed))
    check_run(replace(case, plan=plan, program=compile_program(plan, case.quantised)), rtl_executor)


def test_kn2row_whose_inputs_stay(rtl_executor: RtlExecutor) -> None:
    case = case_of(chain((16, 7, 9), (Convolution(32, 3), Convolution(20, 5))))
    layers = tuple(redecided(layer, algorithm="kn2row", dataflow="is") for layer in case.plan.layers)
    plan = replace(case.plan, layers=layers)
    check_run(replace(case, plan=plan, program=compile_program(plan, case.quantised)), rtl_executor)


@pytest.mark.full
def test_winograd_between_other_layers(rtl_executor: RtlExecutor) -> None:
    """All tiles, by a kernel that has operands of 16 bits for them, before and behind layers of bytes."""
    long = [Convolution(8, (1, 7)), Convolution(8, (5, 1))]
    case = case_of(chain((16, 8, 9), [Convolution(8, 3), Convolution(16), Convolution(8, 3, 1, "Sigmoid"), *long]))
    blocking = Blocking(Mode.STREAM_INPUTS, 4, 8, 1)
    first, second, third, row, column = case.plan.layers
    layers = (
        redecided(first, algorithm="winograd", winograd_tile=2, blocking=blocking),
        redecided(second, dataflow="ns"),
        redecided(third, algorithm="winograd", winograd_tile=4, blocking=blocking),
        redecided(row, algorithm="winograd", winograd_tile=5, blocking=blocking),
        redecided(column, algorithm="winograd", winograd_tile=5, blocking=Blocking(Mode.STREAM_INPUTS, 5, 8, 1)),
    )
    plan = replace(case.plan, layers=layers)
    check_run(replace(case, plan=plan, program=compile_program(plan, case.quantised)), rtl_executor)


def test_a_bias_that_has_no_place_is_refused() -> None:
    """The bias is at the end of its range, and is moved beyond it."""
    case = case_of(chain((16, 5, 5), (Convolution(16, 3),)))
    layers = tuple(redecided(layer, algorithm="kn2row") for layer in case.plan.layers)
    program = compile_program(replace(case.plan, layers=layers), case.quantised)
    (command,) = program.commands
    image = bytearray(program.image)
    at = command.weights_address
    before, after = (int(np.frombuffer(each.image, "<i4", 1, at)[0]) for each in (program, folded(program)))
    assert before != after
    image[at : at + 4] = np.int32(2**31 - 1 if after > before else -(2**31)).tobytes()
    with pytest.raises(InputError, match=r"layer 'c0': its bias and the zero point .* plan it with im2col"):
        folded(replace(program, image=bytes(image)))
