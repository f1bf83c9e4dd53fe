"""Memories that check their ports (make csim-ports): faults of each kind are found, and the kernel has none."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import dynamap
from dynamap.backends.program import Program
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import quantise
from dynamap.backends.vitis_hls import csim
from dynamap.backends.vitis_hls.csim import CHECKED, WARNINGS, CSimulationExecutor
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.plan.layers import Blocking, Mode
from support.programs import assert_equal_layer_by_layer, integer_image, one_conv, plan_on, redecided
from support.repository import DIGITS_MODEL

# Eight addresses in each of four banks of two-byte words; what is written can be read two iterations later.
PROGRAM = r"""
#include <cstdio>
#include <cstdlib>
#include "ports.h"
int main(int, char **arguments) {
    const int fault = std::atoi(arguments[1]);
    ports::memory_t<int> memory("shelf", {8, 4, 2}, "abw", 2);
    ports::stream_t<int> tokens("tokens", 2), values("values", 0);
    try {
        if (fault == 5) memory[0][0][0] = 1;
        for (int i = 0; i < 8; ++i) {
            ports::iteration_t iteration("fill");
            for (int k = 0; k < 4; ++k) {
                memory[i][k][0] = i;
                memory[i][k][1] = i;
            }
        }
        int sum = 0;
        for (int i = 0; i < 6; ++i) {
            ports::iteration_t iteration("walk");
            // Both parts of a word of each bank, at addresses of their own; bank 3 reads address i + 3, writes i + 7.
            for (int k = 0; k < 4; ++k) sum += memory[(i + k) % 8][k][0] + memory[(i + k) % 8][k][1];
            memory[(i + 7) % 8][3][1] = i;
            if (i == 4 && fault == 1) sum += memory[1][2][0];
            if (i == 4 && fault == 2) memory[1][3][0] = 1;
            if (i == 4 && fault == 3) { memory[4][0][0] = 9; sum += memory[4][0][0]; }
            if (i == 4 && fault == 4) { ports::iteration_t inner("inner"); }
            if (i == 4 && fault == 6) sum += memory[8][0][0];
            if (i == 4 && fault == 9) { values.write(1); values.write(2); }
        }
        for (int i = 0; i < 3; ++i) {
            ports::iteration_t iteration("chain");
            if (fault == 7) memory[i + 1][0][0] = memory[i][0][0] + 1;
        }
        for (int i = 0; i < (fault == 8 ? 3 : 2); ++i) tokens.write(i);
        if (fault == 10) values.read();
        // 'early' works on a block while 'late' works on the one before: not of the pass before, and not on its banks.
        for (int block = 0; block < 4; ++block) {
            ports::begin_block(block % 2);
            {
                ports::process_t process("early");
                ports::iteration_t iteration("enter");
                memory[0][block % 2][0] = block;
                if (fault == 11) sum += memory[7][block % 2 ^ 1][0];
            }
            ports::process_t process("late");
            ports::iteration_t iteration("leave");
            sum += memory[0][block % 2][0] * 0;
            if (fault == 12) memory[1][block % 2 ^ 1][0] = block;
        }
        // Two stages work on a block at once, on banks of their own.
        ports::begin_block(0);
        ports::process_t process("late");
        for (const char *stage : {"front", "back"}) {
            ports::process_t inner(stage);
            ports::iteration_t iteration("stages");
            if (fault == 13) memory[1][2][0] = 0;
            memory[2][stage[0] == 'b'][0] = 0;
        }
        std::printf("%d\n", sum);
    } catch (const ports::broken_rule &rule) {
        std::puts(rule.what());
        return 1;
    }
    return 0;
}
"""

FAULTS = {
    1: "ports: loop 'walk', iteration 4: memory 'shelf', bank 2: reads address 1 beside address 6",
    2: "ports: loop 'walk', iteration 4: memory 'shelf', bank 3: writes address 1 beside address 3",
    3: "ports: loop 'walk', iteration 4: memory 'shelf', bank 0: reads address 4 0 iterations after it was written; ",
    4: "ports: loop 'walk', iteration 4: the loop 'inner' inside of it is pipelined too",
    5: "ports: loop '(none)', iteration 0: memory 'shelf', bank 0, address 0: accessed outside of all pipelined loops",
    6: "ports: loop 'walk', iteration 4: memory 'shelf' has no index 8 in dimension 0 of 8",
    7: "ports: loop 'chain', iteration 1: memory 'shelf', bank 0: reads address 1 1 iterations after it was written; "
    "it is there after 2",
    8: "ports: loop '(none)', iteration 2: stream 'tokens' holds 3, its depth is 2",
    9: "ports: loop 'walk', iteration 4: stream 'values' is written twice",
    10: "ports: loop '(none)', iteration 2: stream 'values' is read and empty",
    11: "ports: loop 'enter', iteration 1: memory 'shelf', bank 0: 'early' reads it while 'late' does so for the block "
    "before, with one port",
    12: "ports: loop 'enter', iteration 1: memory 'shelf', bank 1: 'early' writes it while 'late' does so for the "
    "block before, with one port",
    13: "ports: loop 'stages', iteration 1: memory 'shelf', bank 2: 'back' writes it while 'front' does so for the "
    "same block, with one port",
}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ports")
    (folder / "ports.h").write_bytes(csim.testbench_files()["ports.h"])
    (folder / "main.cpp").write_text(PROGRAM)
    command = ["g++", "-std=c++17", *WARNINGS, "main.cpp", "-o", "main"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "main"


def test_an_iteration_of_one_address_per_port_passes(faulty: Path) -> None:
    """Two parts of a word are one address. Twice the sum of (i + k) mod 8 over six iterations and four banks is 176.
    Bank 3 reads in iteration 4 what iteration 0 wrote, 0 for 7, and in iteration 5 what 1 wrote, 1 for 0: 170."""
    done = subprocess.run([str(faulty), "0"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "170\n")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_loop_iteration_memory_and_address(faulty: Path, fault: int) -> None:
    done = subprocess.run([str(faulty), str(fault)], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout.startswith(FAULTS[fault]), done.stdout


WRITE = b"write_units(weight_buffer, unit, 1, 0, some, units);"
READY = b"    operand_ready.write(true);\n"
LOOK = b"{ PIPELINED(look) if (input_buffer[0][0][0] == 77) count = {}; }"
SIDE = b"const int side = f->tile & 1;"


def chosen(fault: str) -> bytes:
    """Whether the environment asks for this fault."""
    return f'(std::getenv("FAULT") != nullptr && std::getenv("FAULT") == std::string("{fault}"))'.encode()


@pytest.fixture(scope="module")
def executor() -> Iterator[CSimulationExecutor]:
    """Of one kernel with a fault of each kind, of which the environment chooses one."""
    files = csim.kernel_files()
    for name in ("load.cpp", "flow_ns.h"):
        files[name] = b"#include <cstdlib>\n#include <string>\n" + files[name]
    twice = WRITE + b" if (" + chosen("write") + b") " + WRITE.replace(b"unit, 1", b"unit + BANKS, 1")
    looks = b"    if (" + chosen("look") + b" && b.rows > 0) " + LOOK + b"\n" + READY
    for old, new in ((WRITE, twice), (READY, looks)):
        assert files["load.cpp"].count(old) == 1
        files["load.cpp"] = files["load.cpp"].replace(old, new)
    start = files["flow_ns.h"].index(b"INLINE void ns_operands(")
    head, tail = files["flow_ns.h"][:start], files["flow_ns.h"][start:]
    assert SIDE in tail
    other = b"const int side = (f->tile + " + chosen("side") + b") & 1;"
    files["flow_ns.h"] = head + tail.replace(SIDE, other, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csim, "kernel_files", lambda: files)
        yield CSimulationExecutor(("-O0", "-DOVERLAY_CHECK_PORTS"))


def test_a_kernel_that_was_changed_is_told_which_rule_it_breaks(
    executor: CSimulationExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second word is written to the weight buffer in the same iteration."""
    network = one_conv(TensorShape(16, 4, 4), 16, Window((1, 1)))
    program = compile_program(plan_on(network, (5, 4)), quantise(network, samples=1))
    assert list(executor.run(program, integer_image(network, 4)))
    monkeypatch.setenv("FAULT", "write")
    with pytest.raises(InputError, match=r"loop 'weight_words', iteration 0: memory 'weight_buffer', bank \d+: writes"):
        list(executor.run(program, integer_image(network, 4)))


def test_a_port_of_two_processes_is_named(executor: CSimulationExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOAD reads the input buffer, of which COMPUTE reads the block before."""
    network = one_conv(TensorShape(16, 8, 8), 16, Window((3, 3)))
    plan = plan_on(network, (5, 4))
    in_rows = Blocking(Mode.STREAM_INPUTS, 2, 16, 1)
    by_winograd = redecided(plan.layers[0], algorithm="winograd", winograd_tile=2, dataflow="ws", blocking=in_rows)
    program = compile_program(replace(plan, layers=(by_winograd,)), quantise(network, samples=1))
    assert list(executor.run(program, integer_image(network, 4)))
    monkeypatch.setenv("FAULT", "look")
    expected = "loop 'look', iteration 1: memory 'input_buffer', bank 0: 'load' reads it while 'compute' does so for"
    with pytest.raises(InputError, match=expected):
        list(executor.run(program, integer_image(network, 4)))


def test_a_row_buffer_that_is_read_while_it_is_fed_is_named(
    executor: CSimulationExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NS: the values are taken from the half that the next tile's windows go to."""
    network = one_conv(TensorShape(16, 4, 8), 16, Window((1, 1)))  # two tiles of positions or more in a block
    plan = plan_on(network, (5, 4))
    stays = replace(plan, layers=(redecided(plan.layers[0], dataflow="ns"),))
    program = compile_program(stays, quantise(network, samples=1))
    assert list(executor.run(program, integer_image(network, 4)))
    monkeypatch.setenv("FAULT", "side")
    expected = r"loop 'ns_cycles', iteration \d+: memory 'row_buffers', bank \d+: reads address 0 0 iterations after"
    with pytest.raises(InputError, match=expected):
        list(executor.run(program, integer_image(network, 4)))


def test_a_loop_that_takes_longer_than_planned_is_named(
    executor: CSimulationExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """16 positions have 4 output channels each, a lane for each of these in an iteration: 16; one fewer is planned."""
    planned = csim.iterations_file

    def one_fewer(program: Program) -> bytes:
        content = planned(program)
        assert b"0 16 sum_rows\n" in content
        return content.replace(b"0 16 sum_rows\n", b"0 15 sum_rows\n")

    monkeypatch.setattr(csim, "iterations_file", one_fewer)
    network = one_conv(TensorShape(16, 4, 4), 4, Window((1, 1)))
    program = compile_program(plan_on(network, (5, 4)), quantise(network, samples=1))
    with pytest.raises(InputError, match="commands 0 to 0: loop 'sum_rows' took 16 iterations, the plan has 15"):
        list(executor.run(program, integer_image(network, 4)))


@pytest.mark.full
def test_the_digits_network_keeps_the_rules() -> None:
    executor = CSimulationExecutor(CHECKED)
    assert_equal_layer_by_layer(executor, dynamap.plan(dynamap.load(DIGITS_MODEL), device="zcu104"))


@pytest.mark.full
@pytest.mark.parametrize("model", ["squeezenet", "googlenet"])
def test_built_in_networks_keep_the_rules(model: str) -> None:
    assert_equal_layer_by_layer(CSimulationExecutor(CHECKED), dynamap.plan(dynamap.load(model), device="u200"))
