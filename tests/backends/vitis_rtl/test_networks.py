"""Networks with layers of the vector unit on the kernel: values to the bit, and cycles as the closed form has them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynamap.backends.conformance.plans import TINY
from dynamap.backends.program import Op, Program
from dynamap.backends.program.specification import FormatCode, Role
from dynamap.backends.vitis_rtl.executor import RtlExecutor
from dynamap.cost.device import load_device
from dynamap.cost.errors import InputError
from support.rtl_networks import EVERY_OPERATION, parsed
from support.rtl_programs import Case, case_of, check_run

WIDER = [("vcu118", 2), ("u200", 4), ("u280", 8)]
"""Devices and their ports."""


@pytest.fixture(scope="module")
def case() -> Case:
    return case_of(parsed(EVERY_OPERATION))


def formats_of(case: Case) -> set[tuple[FormatCode, FormatCode]]:
    """What the vector unit reads and writes."""
    commands = [command for command in case.program.commands if command.op is not Op.CONV]
    return {(command.input_format, command.output_format) for command in commands}


def test_every_operation_of_the_vector_unit(rtl_executor: RtlExecutor, case: Case) -> None:
    """One behind the other and between convolutions; some have tables that no program has."""
    assert {command.op for command in case.program.commands} == set(Op)
    check_run(case, rtl_executor)


def test_every_operation_on_hwc(rtl_executor: RtlExecutor) -> None:
    """The same kernel: its buffers have the same depths."""
    case = case_of(parsed(EVERY_OPERATION), formats="hwc")
    assert formats_of(case) == {(FormatCode.HWC, FormatCode.HWC)}
    check_run(case, rtl_executor)


@pytest.mark.full
def test_every_operation_in_narrow_words(rtl_executor: RtlExecutor) -> None:
    """One port of 32 bytes, lanes of 16 channels, and rows of the array that fill no group."""
    board = load_device("zcu104")
    board = replace(board, system=replace(board.system, memory_ports=1, port_bytes=32, memory_banks=("HP0",)))
    case = case_of(parsed(EVERY_OPERATION), array=(21, 24), device=board)
    assert case.program.header.memory_word_bytes == 32
    check_run(case, rtl_executor)


@pytest.mark.full
@pytest.mark.parametrize(("device", "ports"), WIDER)
def test_every_operation_at_several_ports(rtl_executor: RtlExecutor, device: str, ports: int) -> None:
    """Planes, rows and runs that begin inside of words, in both formats; ports that stall by themselves; an error."""
    roomy = replace(TINY, input_buffer=2 * TINY.input_buffer, accumulator_rows=2 * TINY.accumulator_rows)
    for formats in ("c16", "hwc", None):
        case = case_of(parsed(EVERY_OPERATION), formats=formats, device=load_device(device), buffers=roomy)
        assert case.program.header.memory_word_bytes == 64 * ports
        check_run(case, rtl_executor)
        check_run(case, rtl_executor, ("--stalls", "3"), timed=False)
    number, address = first_to_write(case.program)
    message = rf"refused an access \(response 2\) at byte \d+ of the buffer, in command {number} of"
    with pytest.raises(InputError, match=message):
        list(rtl_executor.run_with(case.program, case.image, ("--fail", str(address))))


def test_a_memory_that_stalls_changes_no_value(rtl_executor: RtlExecutor, case: Case) -> None:
    check_run(case, rtl_executor, ("--stalls", "3"), timed=False)


def first_to_write(program: Program) -> tuple[int, int]:
    """The first command of the vector unit that writes where nobody has read or written before, and where that is."""
    used = [(tensor.address, tensor.size_bytes) for tensor in program.tensors_of(Role.INPUT).values()]
    for number, command in enumerate(program.commands):
        at = command.output_address
        if command.op is not Op.CONV and not any(begin <= at < begin + size for begin, size in used):
            return number, at
        used.append((at, -(-command.out_channels // 16) * command.output_plane_bytes))
    raise AssertionError("all of them write where something was")


@pytest.mark.parametrize("reads", [True, False])
def test_a_refused_access_of_the_vector_unit_stops_and_says_where(
    rtl_executor: RtlExecutor, case: Case, reads: bool
) -> None:
    """Weights of a depthwise convolution, and an output."""
    program = case.program
    if reads:
        number = next(n for n, command in enumerate(program.commands) if command.op is Op.DEPTHWISE)
        address = program.commands[number].weights_address
    else:
        number, address = first_to_write(program)
    name = program.layer_names[program.commands[number].layer]
    with pytest.raises(
        InputError, match=rf"refused an access \(response 2\) at .* in command {number} of layer {name}$"
    ):
        list(rtl_executor.run_with(program, case.image, ("--fail", str(address))))
