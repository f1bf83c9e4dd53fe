"""The generated text files of a project: settings of its Makefile, README. Target: Intel FPGA SDK for OpenCL 22.4."""

from __future__ import annotations

import re

from dynamap.backends.hardware import pages
from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.hardware.steps import Step, board_section
from dynamap.backends.hardware.writers import make_word, markdown_text
from dynamap.backends.intel_opencl.emulator import HEADERS, INSTALL
from dynamap.backends.intel_opencl.loops import loop_table
from dynamap.cost.device import Device
from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan import Plan

TOOL = "Intel FPGA SDK for OpenCL 22.4 (Quartus Prime Pro 22.4)"
BOARD, BANKS = "[device] board", "[system] memory_banks"
CHANNEL = re.compile(r"CL_CHANNEL_[1-7]_INTELFPGA")
MEMORY_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_board(device: Device) -> None:
    """Refuses a device that aoc cannot build for.

    Raises:
        InputError: it names no board; the message says which key to write.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.+-]+", device.board):
        found = f"the board {device.board!r}, which is no name of one" if device.board else "no board"
        raise InputError(
            f"device {device.name!r} has {found}, and aoc builds for a board: in the table [device] of its TOML file "
            'write board = "NAME", with a name that \'aoc -list-boards\' prints (such as "pac_a10"), and plan again'
        )


def memory_settings(device: Device) -> tuple[list[str], str]:
    """The flags of the ports' buffers, by name, and aoc's options for the memory.

    Banks of interleaved memory are chosen by flags of the buffers (CL_CHANNEL_n_INTELFPGA); memories with a name, such
    as the pseudo channels of HBM, by the attribute buffer_location of the kernels' arguments.

    Raises:
        InputError: the device's banks are neither.
    """
    banks = device.system.memory_banks
    if all(CHANNEL.fullmatch(bank) for bank in banks):
        return list(banks), "-no-interleaving=default"
    if all(MEMORY_NAME.fullmatch(bank) and not bank.startswith("CL_") for bank in banks):
        options = (f"-DBANK_{port}={make_word(BANKS, bank)}" for port, bank in enumerate(banks))
        return ["CL_MEM_HETEROGENEOUS_INTELFPGA"] * len(banks), " ".join(options)
    raise InputError(
        f"device {device.name!r}: memory_banks in the table [system] of its TOML file must be CL_CHANNEL_1_INTELFPGA "
        f"to CL_CHANNEL_7_INTELFPGA, or names of memories in the board's board_spec.xml; found {', '.join(banks)}"
    )


def make_settings(plan: Plan, device: Device, sizes: KernelSizes) -> str:
    """``config.mk``."""
    flags, memory = memory_settings(device)
    handshaking = "-hyper-optimized-handshaking=auto" if device.family == "stratix-10" else ""
    return "\n".join(
        [
            f"BOARD := {make_word(BOARD, device.board)}",
            f"CLOCK_MHZ := {plan.overlay.clock_mhz:g}",
            f"PORTS := {sizes.ports}",
            f"PORT_BYTES := {sizes.port_bytes}",
            "# Of the host's buffers, port by port.",
            f"MEMORY_FLAGS := {','.join(make_word(BANKS, flag) for flag in flags)}",
            "# Options of aoc for this board's memory and this family.",
            f"AOC_MEMORY := {memory}",
            f"AOC_FAMILY := {handshaking}".rstrip(),
            "",
        ]
    )


def readme(plan: Plan, device: Device, digest: str, scales: str = "") -> str:
    """``README.md``; ``scales``: where they come from."""
    limits = [
        "It has been compiled and run by Intel's FPGA emulator (kernels and both hosts); aoc, its reports, timing and "
        "boards were not available when it was written. Clock and resources are the plan's figures; `make compare` "
        "compares them with the reports.",
        "The emulator runs every kernel in a thread: it shows values and counters, not time.",
        *pages.KERNEL_LIMITS,
    ]
    if not CHANNEL.fullmatch(device.system.memory_banks[0]):
        limits.append(
            "Names of memories (`-DBANK_i` in config.mk) are those of the device's description; compare them with the "
            "global_mem elements in the board_spec.xml of your board."
        )
    return pages.readme(
        plan,
        project="Intel OpenCL",
        target=f"{TOOL}, board {markdown_text(device.board)}, part {markdown_text(device.part)}",
        digest=digest,
        scales=scales,
        folders=(
            ("host", "host programs in C++ and Python (pyopencl); emulator.py, which finds Intel's emulator"),
            ("config.mk, Makefile", "board, clock and memory, from the device's description; the flow"),
        ),
        usage=(
            "**Status of the tool.** Intel has deprecated the Intel FPGA SDK for OpenCL from release 22.3 on (product "
            "discontinuance notice PDN2219); 22.4 is the release that this project is written for. Cards with Arria 10 "
            "and Stratix 10 are still built with it.",
            "`make emulate` runs the network on the kernels in Intel's FPGA emulator, layer by layer, and compares "
            "each with its golden output. With aoc installed it builds with `aoc -march=emulator`; without aoc it "
            "takes the emulator of Intel's Python packages, which compiles the kernels itself: "
            f"`{INSTALL}` (Linux on x86-64; {HEADERS} carries Khronos' headers and loader).",
            "\n".join(loop_table()),
            *board_section(_steps(device), "everything after step 1: aoc, the board's support package and the card."),
            "## The project",
        ),
        limits=limits,
    )


def _steps(device: Device) -> list[Step]:
    board = markdown_text(device.board)
    compare = Step(
        "Compare the tool's reports with the plan.",
        ("make compare",),
        "a table of predicted and reported resources and clock; `dynamap report import .` says the same.",
        "a second",
    )
    return [
        Step(
            "Run the network on the kernels, in Intel's emulator on this machine.",
            ("make emulate",),
            "a line for each layer, and last `PASS: every layer equals its golden output`.",
            "minutes",
        ),
        Step(
            f"See that the board's support package is there; {board} is what the device's description names.",
            ("source init_opencl.sh    # in the folder of the SDK", "aoc -list-boards"),
            f"a line with {board}; another name goes into `config.mk`, or `make BOARD=NAME`.",
            "a second",
        ),
        Step("Let aoc estimate area and loops.", ("make report",), "the folder of reports in `build`.", "minutes"),
        compare,
        Step("Build the device image.", ("make aocx",), "`build/overlay.aocx`.", "hours"),
        compare,
        Step(
            "Load it into the card and run it.",
            ("aocl diagnose", "aocl program acl0 build/overlay.aocx", "make run"),
            "the time of a run by the device's clock, and `PASS`.",
            "minutes",
        ),
        Step(
            "Give it a picture.",
            (
                "build/host --binary build/overlay.aocx data --input photo.bmp         # or .ppm, .pgm: no library",
                "python3 host/host.py --binary build/overlay.aocx --input photo.jpg    # needs pyopencl, and Pillow",
            ),
            "the likeliest classes, by name where there is a `data/labels.txt`.",
            "a second",
        ),
    ]
