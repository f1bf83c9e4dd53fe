"""The generated text files of a project: tool configuration, layer table, README. Target: Vitis 2024.2."""

from __future__ import annotations

from dynamap.backends.vitis_hls.csim import KERNEL_SOURCES
from dynamap.backends.vitis_hls.sizes import KernelSizes
from dynamap.cost.device import Device
from dynamap.planner.plan import Plan

TOOL_VERSION = "2024.2"
KERNEL = "overlay"


def clock_period_ns(plan: Plan) -> str:
    """The clock period as Vitis HLS takes it."""
    return f"{1000 / plan.overlay.clock_mhz:.4f}"


def hls_config(plan: Plan, device: Device) -> str:
    """``hls_config.cfg`` of ``v++ -c --mode hls``."""
    sources = [f"syn.file=src/{name}" for name in KERNEL_SOURCES]
    return "\n".join(
        [
            f"part={device.part}",
            "",
            "[hls]",
            f"clock={clock_period_ns(plan)}",
            "flow_target=vitis",
            *sources,
            "syn.cflags=-std=c++17",
            f"syn.top={KERNEL}",
            "tb.file=tb/testbench.cpp",
            "tb.file=tb/program_file.h",
            "tb.file=data",
            "tb.cflags=-std=c++17 -Isrc",
            "csim.argv=data",
            "cosim.argv=data",
            "package.output.format=xo",
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
            "add_files -tb tb/program_file.h",
            "add_files -tb data",
            "open_solution -flow_target vitis solution",
            f"set_part {device.part}",
            f"create_clock -period {clock_period_ns(plan)}",
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
    lines += [f"sp={name}.m_axi_gmem{port}:{bank}" for port, bank in enumerate(device.system.memory_banks)]
    lines += ["", "[clock]", f"defaultFreqHz={round(plan.overlay.clock_mhz * 1e6)}", ""]
    if device.family.startswith("virtex"):
        lines += ["[vivado]", "prop=run.impl_1.STEPS.PLACE_DESIGN.ARGS.DIRECTIVE=ExtraNetDelay_high", ""]
    return "\n".join(lines)


def make_settings(device: Device, sizes: KernelSizes) -> str:
    """``config.mk``."""
    lines = [f"PLATFORM := {device.board}", f"PORTS := {sizes.ports}", f"PORT_BYTES := {sizes.port_bytes}"]
    if device.family == "zynq-ultrascale-plus":
        lines += [
            "# Zynq MPSoC: where the platform's root file system lies.",
            "ROOTFS ?= rootfs.ext4",
            "PACKAGE := --package.rootfs $(ROOTFS) --package.sd_file $(BUILD)/host --package.sd_dir data",
        ]
    return "\n".join([*lines, ""])


def layer_table(plan: Plan) -> str:
    """``layers.md``: what the plan decided, a row per layer."""
    head = "| layer | op | in | out | algorithm | flow | formats | array cycles | cycles | read | written |"
    rows = [head, "|" + "---|" * 11]
    for layer in plan.layers:
        shape = layer.shape
        algorithm = layer.algorithm or ("host" if layer.host else "in place" if layer.in_place else "vector unit")
        if layer.winograd_tile:
            algorithm += f" F({layer.winograd_tile},3)"
        rows.append(
            f"| {layer.name} | {layer.op} | {'x'.join(map(str, shape.input))} | {'x'.join(map(str, shape.output))} | "
            f"{algorithm} | {layer.dataflow or ''} | {layer.input_format or ''} > {layer.output_format or ''} | "
            f"{layer.compute_cycles:,} | {layer.cycles:,} | {layer.bytes_read:,} | {layer.bytes_written:,} |"
        )
    return "\n".join([*rows, ""])


def readme(plan: Plan, device: Device, digest: str) -> str:
    """``README.md``: what this is, how to build it, and what is known not to be perfect."""
    overlay = plan.overlay
    uses = "\n".join(
        f"| {use.name} | {use.used:,} | {use.available:,} | {use.uncertainty_percent} % |" for use in plan.resources
    )
    limits = [
        "It has been compiled and run by g++ (C simulation); no report of the vendor's tools was seen when it was "
        "written. Clock and resources are the plan's figures; `make compare` compares them with the reports.",
        "Between two blocks the kernel waits until the array is empty; the plan lets the next block follow at once. "
        "The counters count occupied cycles, as the plan does.",
        "Block 0 of a pass starts when all of its weights have arrived; the plan lets it start with the first of them.",
        "The counters hold cycles of the array and the vector unit and bytes per port; waits are not counted.",
        "Parameter, pooling and LRN memories and the array's delay lines are not among the plan's resources.",
        "Input-stationary kn2row with an output wider than its input adds sums into banks of neighbouring columns.",
        "All PEs are one pipelined function; large arrays may need floorplanning to reach the clock.",
    ]
    if device.family.startswith("zynq"):
        limits.append(
            "The kernel's port is wider than the 128-bit ports of the processing system: spread it over several "
            "of them in the platform, or plan with port_bytes = 16."
        )
    if not device.board:
        limits.append(
            "This device has no standard platform: `make xo` gives the kernel, `make xclbin` needs PLATFORM=."
        )
    return "\n".join(
        [
            f"# {plan.model.name} on {device.name}: Vitis HLS project",
            "",
            f"Generated by DYNAMAP from a plan with digest {digest}. "
            f"Target tool: Vitis {TOOL_VERSION}; part {device.part}.",
            "",
            f"An overlay of {overlay.rows} x {overlay.columns} processing elements at {overlay.clock_mhz:g} MHz, "
            f"{overlay.packing} int8 product(s) per multiplier and cycle. Predicted latency {plan.latency_ms:.4f} ms "
            f"({sum(layer.cycles for layer in plan.layers):,} cycles) at batch 1, host time not included.",
            "",
            "| resource | predicted | available | uncertainty |",
            "|---|---|---|---|",
            uses,
            "",
            "| folder | content |",
            "|---|---|",
            "| src | the kernel: ordinary sources, the same for every plan; `params.h` alone is generated |",
            "| tb | testbench: runs the program layer by layer, names the first difference |",
            "| host | host programs: XRT's native C++ interface, and Python |",
            "| data | program, weights, one input, and the output of every layer |",
            "| layers.md | what the plan decided for every layer |",
            "| predicted.json | the plan's cycles, bytes and resources |",
            "",
            "`make csim` runs the network on the kernel by g++; `make help` lists the other targets. `sha256sum -c "
            "MANIFEST` checks the files. The kernel reads its program from memory: one build of these sizes runs any "
            "network that is planned for it (with the same rows, columns, packing, memory word and buffers).",
            "",
            "## Known limits",
            "",
            *(f"- {limit}" for limit in limits),
            "",
        ]
    )
