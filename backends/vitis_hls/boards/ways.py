"""Which way leads from a project to a device: by a platform of Vitis, or by a block design of Vivado."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from dynamap.backends.hardware.writers import tcl_word
from dynamap.cost.device import Device
from dynamap.planner.plan.plan import Plan

PART = "[device] part"


class Way(Enum):
    """How a kernel gets onto a device and who runs it there."""

    CARD = "a card with a platform of Vitis, run by XRT over PCIe"
    EMBEDDED = "a board with a platform of Vitis, run by XRT on its own processors"
    ZYNQ_7000 = "a block design around the processors of a Zynq-7000, run by PYNQ"
    ZYNQ_ULTRASCALE = "a block design around the processors of a Zynq UltraScale+, run by PYNQ"
    PCIE = "a block design with a DMA over PCIe, run by the host's driver of it"
    OWN = "the packaged kernel, for a block design of your own"

    @property
    def has_platform(self) -> bool:
        return self in (Way.CARD, Way.EMBEDDED)

    @property
    def system(self) -> str | None:
        """The file of the block design, in the folder ``vivado`` of the package; None where there is none."""
        return _SYSTEMS.get(self)


_SYSTEMS = MappingProxyType(
    {
        Way.ZYNQ_7000: "zynq_7000.tcl",
        Way.ZYNQ_ULTRASCALE: "zynq_ultrascale_plus.tcl",
        Way.PCIE: "pcie_card.tcl",
    }
)


@dataclass(frozen=True)
class Card:
    """What a board's files call its parts, for a block design over PCIe.

    ``memories``: of DDR4 the interface of each memory and that of its clock; of DDR3 one interface for all modules.
    """

    board_part: str
    lanes: str
    memories: tuple[tuple[str, ...], ...]
    clock: str = "pcie_refclk"
    perst: str = "pcie_perstn"
    reset: str = "reset"


CARDS = MappingProxyType(
    {
        "vcu118": Card(
            "xilinx.com:vcu118:part0:2.4",
            "pci_express_x16",
            (("ddr4_sdram_c1_062", "default_250mhz_clk1"), ("ddr4_sdram_c2_062", "default_250mhz_clk2")),
        ),
        "vc709": Card("xilinx.com:vc709:part0:1.8", "pci_express_x8", (("ddr3_sdram_socket_j1_j3",),)),
    }
)
"""By the device's name: names from public designs for these boards; nothing here was opened in Vivado."""

PROCESSOR_BOARDS = MappingProxyType(
    {"pynq-z2": "tul.com.tw:pynq-z2:part0:1.0", "kv260": "xilinx.com:kv260_som:part0:1.4"}
)
"""Board parts of devices whose processors a block design sets up, by the device's name."""


def way_to(device: Device) -> Way:
    """The way to a device of AMD."""
    if device.family == "zynq-7000":
        return Way.EMBEDDED if device.board else Way.ZYNQ_7000
    if device.family == "zynq-ultrascale-plus":
        return Way.EMBEDDED if device.board else Way.ZYNQ_ULTRASCALE
    if device.board:
        return Way.CARD
    return Way.PCIE if device.name in CARDS else Way.OWN


def vivado_settings(plan: Plan, device: Device) -> str:
    """``vivado/settings.tcl``: all that differs between two projects whose boards have the same kind of design."""
    card = CARDS.get(device.name)
    board_part = card.board_part if card else PROCESSOR_BOARDS.get(device.name, "")
    lines = [
        "# What the plan and the device say; build.tcl and system.tcl are the same for every plan.",
        f"set part {tcl_word(PART, device.part)}",
        "# The board as Vivado's board files name it; empty: none is needed.",
        f"set board_part {{{board_part}}}",
        f"set clock_mhz {plan.overlay.clock_mhz:g}",
        f"set ports {device.system.memory_ports}",
        f"set memory_bytes {device.system.memory_bytes}",
    ]
    if card:
        memories = " ".join(f"{{{' '.join(memory)}}}" for memory in card.memories)
        lines += [
            "# Interfaces of the board, as its files name them.",
            f"set memories {{{memories}}}",
            f"set pcie {{lanes {card.lanes} clock {card.clock} reset {card.perst}}}",
            f"set reset {card.reset}",
        ]
    return "\n".join([*lines, ""])
