"""The generated text files of a project: tool configuration and README. Target: Vitis 2024.2."""

from __future__ import annotations

from dynamap.backends.hardware import pages
from dynamap.backends.hardware.pages import KERNEL_LIMITS
from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.hardware.sources import HOST_HEADERS
from dynamap.backends.hardware.writers import ini_value, make_word, markdown_text, tcl_word
from dynamap.backends.vitis_hls.boards.steps import board_steps
from dynamap.backends.vitis_hls.csim import KERNEL_SOURCES
from dynamap.backends.vitis_hls.loops import loop_table
from dynamap.cost.device import Device
from dynamap.planner.plan.plan import Plan

TOOL_VERSION = "2024.2"
KERNEL = "overlay"
PART, BOARD, BANKS = "[device] part", "[device] board", "[system] memory_banks"


def clock_period_ns(plan: Plan) -> str:
    """The clock period as Vitis HLS takes it."""
    return f"{1000 / plan.overlay.clock_mhz:.4f}"


def hls_config(plan: Plan, device: Device, *, packaged: bool = False) -> str:
    """``hls_config.cfg`` of ``v++ -c --mode hls``; ``packaged``: ``hls_ip.cfg``, for Vivado's catalog of cores."""
    sources = [f"syn.file=src/{name}" for name in KERNEL_SOURCES]
    return "\n".join(
        [
            f"part={ini_value(PART, device.part)}",
            "",
            "[hls]",
            f"clock={clock_period_ns(plan)}",
            f"flow_target={'vivado' if packaged else 'vitis'}",
            "# Multipliers of the device are those that a pragma binds to dsp: of the array and of the lanes.",
            "syn.op=op:mul impl:fabric",
            *sources,
            "syn.cflags=-std=c++17",
            f"syn.top={KERNEL}",
            "tb.file=tb/testbench.cpp",
            *(f"tb.file=tb/{name}" for name in HOST_HEADERS),
            "tb.file=data",
            "tb.cflags=-std=c++17 -Isrc",
            "csim.argv=data",
            "cosim.argv=data",
            f"package.output.format={'ip_catalog' if packaged else 'xo'}",
            "package.output.syn=false",
            "",
        ]
    )


def hls_script(plan: Plan, device: Device) -> str:
    """``run_hls.tcl`` of ``vitis-run --mode hls --tcl``, the same steps."""
    return "\n".join(
        [
            "# vitis-run --mode hls --tcl run_hls.tcl",
            "open_project -reset build/hls_tcl",
            f"set_top {KERNEL}",
            *(f"add_files src/{name} -cflags -std=c++17" for name in KERNEL_SOURCES),
            'add_files -tb tb/testbench.cpp -cflags "-std=c++17 -Isrc"',
            *(f"add_files -tb tb/{name}" for name in HOST_HEADERS),
            "add_files -tb data",
            "open_solution -flow_target vitis solution",
            f"set_part {tcl_word(PART, device.part)}",
            f"create_clock -period {clock_period_ns(plan)}",
            "# Multipliers of the device are those that a pragma binds to dsp: of the array and of the lanes.",
            "config_op mul -impl fabric",
            "csim_design -argv data",
            "csynth_design",
            "export_design -format xo -output build/overlay.xo",
            "exit",
            "",
        ]
    )


def link_config(plan: Plan, device: Device) -> str:
    """``link.cfg`` of ``v++ -l``: every port of the kernel on the bank that the cost model gives it."""
    name = f"{KERNEL}_1"
    lines = ["[connectivity]", f"nk={KERNEL}:1:{name}"]
    banks = [ini_value(BANKS, bank) for bank in device.system.memory_banks]
    lines += [f"sp={name}.m_axi_gmem{port}:{bank}" for port, bank in enumerate(banks)]
    lines += ["", "[clock]", f"defaultFreqHz={round(plan.overlay.clock_mhz * 1e6)}", ""]
    if device.family.startswith("virtex"):
        lines += ["[vivado]", "prop=run.impl_1.STEPS.PLACE_DESIGN.ARGS.DIRECTIVE=ExtraNetDelay_high", ""]
    return "\n".join(lines)


def make_settings(device: Device, sizes: KernelSizes) -> str:
    """``config.mk``."""
    lines = [
        f"KERNEL := {' '.join(name.removesuffix('.cpp') for name in KERNEL_SOURCES)}",
        f"PLATFORM := {make_word(BOARD, device.board)}".rstrip(),
        f"PORTS := {sizes.ports}",
        f"PORT_BYTES := {sizes.port_bytes}",
    ]
    if device.family == "zynq-ultrascale-plus":
        lines += [
            "# Zynq MPSoC: an SD card with the host program; both files are of the platform's common image.",
            "ROOTFS ?= rootfs.ext4",
            "KERNEL_IMAGE ?= Image",
            "PACKAGED := host",
            "PACKAGE = --package.boot_mode sd --package.image_format ext4 --package.rootfs $(ROOTFS) "
            "--package.kernel_image $(KERNEL_IMAGE) --package.sd_file $(BUILD)/host --package.sd_dir data",
        ]
    return "\n".join([*lines, ""])


def readme(plan: Plan, device: Device, digest: str, scales: str = "") -> str:
    """``README.md``; ``scales``: where they come from."""
    limits = [
        "It has been compiled and run by g++ (C simulation); no report of the vendor's tools was seen when it was "
        "written. Clock and resources are the plan's figures; `make compare` compares them with the reports.",
        "Between two blocks the kernel waits until the array is empty; the plan lets the next block follow at once. "
        "The counters count occupied cycles, as the plan does.",
        "Block 0 of a pass starts when all of its weights have arrived; the plan lets it start with the first of them.",
        *KERNEL_LIMITS,
        "The plan counts the memories of the kernel in SystemVerilog (`--backend vitis-rtl`), block by block. This one "
        f"has {plan.overlay.rows} row buffers of {2 * plan.overlay.row_buffer:,} bytes besides, and two memories of 40 "
        "bits for a column's accumulators, where that one has one of 64.",
        "What a block begins with is multiplied before its loops start, one product after the other, in cycles that "
        "the plan does not count; the multipliers for it are fabric, one for each function that says `SET_UP`, and "
        "not among the plan's LUT either.",
        "Turns that the plan does not count: planes of a block whose half of the output buffer is full "
        "are written in several; so are inputs of a concatenation that begin inside of 16 channels, and the lanes of a "
        "vector layer where their units meet in a bank of a full output buffer. POST of IS writes what it has turned "
        "after the last channel, and a block of fewer than `LANES / BANKS` channels waits for it.",
        "Resize takes `LANES` values in a cycle where the plan has a memory word; lanes of more than four inputs of a "
        "concatenation take a cycle more; so does each tap of a depthwise convolution beyond 256 where its lanes reach "
        "into the next pixel. Dilated pooling pixel by pixel takes a cycle for a tap, and an average with several "
        "divisors two for each column of a row whose class is new. An LRN takes its table apart first. LOAD takes "
        "the padding of an input's rows too, in cycles that the transfer has anyway.",
        "All PEs are one pipelined function; large arrays may need floorplanning to reach the clock.",
    ]
    if device.family.startswith("zynq"):
        limits.append(
            "The processors' ports cut the kernel's bursts (16 beats on a Zynq-7000) and share the memory with the "
            "processors; the plan counts bursts of 64 words and the bandwidth of the device's file."
        )
    if not device.board:
        limits.append(
            "This device has no platform of Vitis: `make xclbin` and `make hw_emu` need PLATFORM= with one of your own."
        )
    return pages.readme(
        plan,
        project="Vitis HLS",
        target=f"Vitis {TOOL_VERSION}, part {markdown_text(device.part)}",
        digest=digest,
        scales=scales,
        folders=(
            ("tb", "testbench: runs the program layer by layer, names the first difference"),
            ("host", "host programs: XRT's native C++ interface, Python, and boards without XRT (`board.py`)"),
        ),
        usage=(
            "`make csim` runs the network on the kernel by g++; `make help` lists the other targets.",
            *board_steps(device),
            "\n".join(loop_table()),
            "## The project",
        ),
        limits=limits,
    )
