"""The generated text files of a project: settings of tools, the kernel's description and the README."""

from __future__ import annotations

from dynamap.backends.hardware import pages
from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.hardware.writers import ini_value, make_word, markdown_text, tcl_word
from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting.memory.kernel import RUN_RECORDS
from dynamap.cost.overlay.fitting.memory.spreading import Spread
from dynamap.planner.plan.plan import Plan

TOOL_VERSION = "2024.2"
KERNEL = "dynamap_kernel"
COUNTER_BYTES = 16
FIRST_PART, FURTHER_PARTS = 0x10, 0x40
"""Registers of ``overlay.sv``: where the buffer's parts lie."""
PART, BOARD, BANKS = "[device] part", "[device] board", "[system] memory_banks"


def masters(sizes: KernelSizes) -> list[str]:
    """The names of the memory ports, as ``port_names.svh`` has them."""
    return ["m_axi_gmem"] if sizes.ports == 1 else [f"m_axi_gmem{port}" for port in range(sizes.ports)]


def link_config(plan: Plan, device: Device, sizes: KernelSizes) -> str:
    """``link.cfg`` of ``v++ -l``: every port on the bank that the cost model gives it."""
    name = f"{KERNEL}_1"
    lines = ["[connectivity]", f"nk={KERNEL}:1:{name}"]
    banks = zip(masters(sizes), device.system.memory_banks, strict=False)  # of narrow ports there are more
    lines += [f"sp={name}.{master}:{ini_value(BANKS, bank)}" for master, bank in banks]
    return "\n".join([*lines, "", "[clock]", f"defaultFreqHz={round(plan.overlay.clock_mhz * 1e6)}", ""])


def make_settings(device: Device, memory_words: int) -> str:
    """``config.mk``."""
    lines = [
        f"PLATFORM := {make_word(BOARD, device.board)}".rstrip(),
        f"MULTIPLIER := {device.resources.multiplier.name.upper()}",
        "# Of the simulation: a power of two that holds the program's buffer and its records.",
        f"MEMORY_WORDS := {memory_words}",
        "",
    ]
    return "\n".join(lines)


def package_settings(device: Device, sizes: KernelSizes) -> str:
    """``vivado/settings.tcl``."""
    return f"set part {tcl_word(PART, device.part)}\nset masters {{{' '.join(masters(sizes))}}}\n"


def kernel_xml(sizes: KernelSizes) -> str:
    """``vivado/kernel.xml``: the ports and arguments as overlay.sv has them; numbers alone."""
    window = 2 * COUNTER_BYTES * RUN_RECORDS
    argument = '      <arg name="{}" addressQualifier="{}" id="{}" port="{}" size="{}" offset="{}" type="{}" '
    names = masters(sizes)
    parts = [(f"buffer{number}", name, FURTHER_PARTS + 8 * (number - 1)) for number, name in enumerate(names)]
    parts[0] = ("buffer" if len(names) == 1 else "buffer0", names[0], FIRST_PART)
    arguments = [
        *((part, 1, number, name, "0x8", f"{at:#x}", "void*") for number, (part, name, at) in enumerate(parts)),
        ("records", 0, len(parts), "s_axi_control", "0x8", "0x18", "unsigned long"),
        ("count", 0, len(parts) + 1, "s_axi_control", "0x4", "0x20", "unsigned int"),
    ]
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<root versionMajor="1" versionMinor="6">',
            f'  <kernel name="{KERNEL}" language="ip_c" vlnv="dynamap:kernel:{KERNEL}:1.0" attributes="" '
            'preferredWorkGroupSizeMultiple="0" workGroupSize="1" interrupt="true" hwControlProtocol="ap_ctrl_hs">',
            "    <ports>",
            f'      <port name="s_axi_control" mode="slave" range="{window:#x}" dataWidth="32" '
            'portType="addressable" base="0x0"/>',
            *(
                f'      <port name="{name}" mode="master" range="0xFFFFFFFFFFFFFFFF" '
                f'dataWidth="{8 * sizes.port_bytes}" portType="addressable" base="0x0"/>'
                for name in names
            ),
            "    </ports>",
            "    <args>",
            *(argument.format(*values) + f'hostOffset="0x0" hostSize="{values[4]}"/>' for values in arguments),
            "    </args>",
            "  </kernel>",
            "</root>",
            "",
        ]
    )


def _port_words(device: Device, sizes: KernelSizes) -> str:
    """What the ports of the kernel are to the ports that the plan counts on."""
    ports, size = device.system.memory_ports, device.system.port_bytes
    own = "one memory port" if sizes.ports == 1 else f"{sizes.ports} memory ports"
    if (ports, size) == (sizes.ports, sizes.port_bytes):
        return f"The kernel has {own} and one clock."
    one = "it to one" if sizes.ports == 1 else "each to one"
    return (
        f"The kernel has {own} of {sizes.port_bytes} bytes; the plan counts on {ports} of {size}. An "
        f"interconnect can lead {one} of them, whose bandwidth is a part of the plan's."
    )


BLOCKS = {"bram36": "BRAM36", "uram": "URAM"}


def _memory(device: Device, spread: Spread) -> str:
    """The memory blocks that the kernel is mapped to, and what each memory takes of them."""
    resources = device.resources
    there = {"bram36": resources.kernel_bram36, "uram": resources.kernel_uram}
    parts = ", ".join(f"{placed.memory.name} {placed.blocks:g} {BLOCKS[placed.kind.name]}" for placed in spread.placed)
    found = " and ".join(
        f"{spread.blocks.get(kind, 0):,} of the {count:,} {BLOCKS[kind]}" for kind, count in there.items() if count
    )
    return f"The kernel takes {found} that the device leaves to it, as Yosys maps it ({parts})."


def readme(
    plan: Plan,
    device: Device,
    sizes: KernelSizes,
    digest: str,
    cycles: int,
    spread: Spread,
    scales: str = "",
) -> str:
    """``README.md``; ``cycles``: of the RTL by its closed form; ``scales``: where they come from."""
    milliseconds = cycles / device.clock_khz
    limits = [
        "**Proven** by `make lint sim synth`, here or anywhere: every tensor of one image to the bit, every layer's "
        "cycles as an integer, AXI4's rules at the port, and what Yosys maps the kernel to. **Not proven**: that it "
        "reaches the clock, that it can be placed and routed, and how fast a board's memory is. No tool of the "
        "vendor has seen it.",
        f"The plan counts {sum(x.cycles for x in plan.layers):,} cycles. The RTL takes {cycles:,} by its closed form, "
        f"{milliseconds:.4f} ms at the plan's clock, with a memory of the plan's latency; `make sim` measures them. "
        "Multipliers and memory blocks are the plan's, exactly; its other resources are estimates.",
        "It runs convolutions of the kinds that `docs/rtl/layers.md` lists and the layers of `docs/rtl/vector.md`, and "
        "no others yet: a program with anything else is refused before a file is written.",
        _memory(device, spread),
        _port_words(device, sizes),
        "After a refused access the kernel does nothing more until it is loaded again.",
    ]
    if not device.board:
        limits.append("This device has no platform of Vitis: `make xclbin` needs PLATFORM= with one of your own.")
    return pages.readme(
        plan,
        project="RTL",
        target=f"Verilator and Yosys; Vivado and Vitis {TOOL_VERSION}, part {markdown_text(device.part)}",
        digest=digest,
        scales=scales,
        folders=(
            ("src", "the kernel: ordinary SystemVerilog, the same for every plan; `params.svh` alone is generated"),
            ("sim", "the simulation: a memory, AXI4's rules, twins of the slices, and what drives them"),
            ("rtl.py, rtl_tools", "the steps that need open tools: Python alone"),
            ("vivado, link.cfg", "packaging: the kernel's description, an IP, a kernel object"),
            ("host", "the host program, by XRT's native C++ interface"),
        ),
        usage=(
            "`make lint sim synth` checks the sources, runs the network on the kernel register by register and maps "
            "it; `make help` lists the other targets and what each needs.",
        ),
        limits=limits,
    )
