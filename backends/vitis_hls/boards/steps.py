"""The steps of each way from a project to a board of AMD's (README.md of a project)."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from dynamap.backends.hardware.steps import Step, board_section
from dynamap.backends.hardware.writers import make_word, markdown_text
from dynamap.backends.vitis_hls.boards.ways import CARDS, PROCESSOR_BOARDS, Way, way_to
from dynamap.cost.device import Device

VITIS = "/tools/Xilinx/Vitis/2024.2/settings64.sh"
BOARD = "[device] board"

CSIM = Step(
    "Run the network on the kernel, on this machine.",
    ("pip install --no-deps hls4ml    # AMD's open headers; not needed where Vitis is", "make csim"),
    "a line for each layer, and last `PASS: every layer equals its golden output`.",
    "seconds for a small network, many minutes for a large one",
)
COMPARE = Step(
    "Compare the tool's reports with the plan.",
    ("make compare",),
    "a table of predicted and reported resources and clock; `dynamap report import .` says the same and can write a "
    "device file that is calibrated by it.",
    "a second",
)
SYNTHESIS = Step(
    "Synthesise the kernel.",
    (f"source {VITIS}", "make hls"),
    "`build/synthesized`; what the tool estimates is in the reports below `build/hls`.",
    "from minutes to hours, by the size of the array",
)
IP = Step(
    "Synthesise the kernel and package it for Vivado.",
    (f"source {VITIS}", "make ip", "make registers"),
    "a `component.xml` below `build/ip`, and `the registers are where host/board.py expects them`.",
    "from minutes to hours, by the size of the array",
)
BITSTREAM = (
    "`built build/overlay.bit`, beside it `build/overlay.hwh` and two reports. The block design is "
    "`vivado/system.tcl`; what differs from board to board is in `vivado/settings.tcl`."
)
BLOCK_DESIGN = (
    "everything after step 1. Tcl read the block design here, and every pin that it joins is one of its cells', but "
    "Vivado did not open it"
)
BOARD_HOST = "`host/board.py` ran against a model of the board in software."
HOURS = "hours for a large array"
_PYNQ_LOGIN = ("xilinx", "pynq", "PYNQ's own image")
_KRIA_LOGIN = ("ubuntu", "kria", "Ubuntu for Kria, into which Kria-PYNQ is installed")
"""User, name in the network, and whose these defaults are."""

OWN_PICTURE = (
    "the likeliest classes, by name where there is a `data/labels.txt`. The picture is prepared as "
    "`data/preprocessing.json` says (`dynamap plan --preprocess`)."
)


def board_steps(device: Device) -> tuple[str, ...]:
    """The paragraphs of the README that lead to this device."""
    way = way_to(device)
    steps, untried = _WAYS[way](device)
    return board_section([CSIM, *steps], untried)


def _card(device: Device) -> tuple[list[Step], str]:
    steps = [
        SYNTHESIS,
        COMPARE,
        Step(
            "Link the device image.",
            ("make xclbin",),
            f"`build/overlay.hw.xclbin`, for the platform {markdown_text(device.board)} (`PLATFORM=` names another). "
            "`make hw_emu` before it runs the same in hardware emulation.",
            "hours",
        ),
        COMPARE,
        Step(
            "Run it on the machine with the card.",
            ("source /opt/xilinx/xrt/setup.sh", "make run"),
            "`best of 10 runs: ... ms` and `PASS: every output equals its golden output`.",
            "seconds",
        ),
        Step(
            "Give it a picture.",
            (
                "build/host build/overlay.hw.xclbin data --input photo.bmp          # .bmp, .ppm or .pgm: no library",
                "python3 host/host.py build/overlay.hw.xclbin --input photo.jpg     # needs pyxrt, and Pillow",
            ),
            OWN_PICTURE,
            "a second",
        ),
    ]
    return steps, "everything after step 1: Vitis, the platform, XRT and the card were not at hand."


def _embedded(device: Device) -> tuple[list[Step], str]:
    board = make_word(BOARD, device.board)
    image = "xilinx-zynqmp-common-v2024.2" if device.family == "zynq-ultrascale-plus" else "the platform's common image"
    steps = [
        SYNTHESIS,
        COMPARE,
        Step(
            f"Unpack AMD's common image of Linux ({image}): kernel, root file system, the cross compiler's sysroot.",
            ("ls Image rootfs.ext4 sdk.sh", "./sdk.sh -y -d sysroot"),
            "the folder `sysroot`. The image is a download from AMD's page of embedded platforms.",
            "minutes",
        ),
        Step(
            "Link the device image and make the SD card's.",
            (
                "make xclbin CXX=aarch64-linux-gnu-g++ SYSROOT=$PWD/sysroot/sysroots/cortexa72-cortexa53-xilinx-linux "
                "KERNEL_IMAGE=Image ROOTFS=rootfs.ext4",
            ),
            f"`build/overlay.hw.xclbin` for the platform {markdown_text(board)}, and `sd_card.img` below "
            "`build/hw/package`, with the host program and the data.",
            "hours",
        ),
        COMPARE,
        Step(
            "Write the card, boot the board from it, and run there.",
            (
                "dd if=build/hw/package/sd_card.img of=/dev/YOUR_CARD bs=4M",
                "# on the board:",
                "./host overlay.hw.xclbin data",
            ),
            "`best of 10 runs: ... ms` and `PASS: every output equals its golden output`.",
            "minutes",
        ),
        Step(
            "Give it a picture, on the board.",
            ("./host overlay.hw.xclbin data --input photo.bmp    # .bmp, .ppm or .pgm",),
            OWN_PICTURE,
            "a second",
        ),
    ]
    return steps, "everything after step 1: Vitis, the platform, the image and the board were not at hand."


def _pynq(device: Device) -> tuple[list[Step], str]:
    named = device.name in PROCESSOR_BOARDS
    files = "the board files that `vivado/settings.tcl` names" if named else "a `board_part` in `vivado/settings.tcl`"
    user, host, image = _KRIA_LOGIN if device.family == "zynq-ultrascale-plus" else _PYNQ_LOGIN
    steps = [
        IP,
        Step(
            "Build the bitstream.",
            ("make bitstream",),
            f"{BITSTREAM} The processors are set up from {files}; PYNQ boots them itself.",
            HOURS,
        ),
        COMPARE,
        Step(
            "Copy it to the board, which runs PYNQ 3.0 or later.",
            (
                f"ssh {user}@{host} mkdir -p overlay",
                f"scp -r build/overlay.bit build/overlay.hwh host data config.mk {user}@{host}:overlay/",
            ),
            f"the files in `overlay` on the board. `{user}` and `{host}` are those of {image}; yours may differ.",
            "a minute",
        ),
        Step(
            "Run it on the board, in its folder `overlay`, as root in PYNQ's environment.",
            (
                "sudo -i",
                "source /etc/profile.d/pynq_venv.sh",
                f"cd /home/{user}/overlay",
                "python3 host/board.py pynq overlay.bit",
            ),
            "the time of a run, and `PASS`.",
            "a minute",
        ),
        Step(
            "Give it a picture.",
            ("python3 host/board.py pynq overlay.bit --input photo.jpg",),
            f"{OWN_PICTURE} In a notebook: `OverlayNetwork` in `host/overlay_board.py` has `run(image)`.",
            "a second",
        ),
    ]
    return steps, (f"{BLOCK_DESIGN}. {BOARD_HOST}")


def _pcie(device: Device) -> tuple[list[Step], str]:
    board = CARDS[device.name].board_part
    steps = [
        IP,
        Step(
            "Build the bitstream.",
            ("make bitstream",),
            f"{BITSTREAM} Vivado needs the files of the board {board}; where their names of interfaces are others, the "
            "script lists those that there are.",
            HOURS,
        ),
        COMPARE,
        Step(
            "Load it over JTAG, and restart the host without switching it off, so that it finds the card.",
            ("make program", "sudo reboot", "lspci -d 10ee:"),
            "a line with `Xilinx Corporation`.",
            "minutes",
        ),
        Step(
            "Build and load AMD's DMA driver for PCIe (github.com/Xilinx/dma\\_ip\\_drivers, XDMA/linux-kernel).",
            ("sudo modprobe xdma", "ls /dev/xdma0_h2c_0 /dev/xdma0_c2h_0 /dev/xdma0_user"),
            "the three files.",
            "minutes",
        ),
        Step(
            "Run it.",
            (
                "sudo python3 host/board.py xdma /dev/xdma0",
                "sudo python3 host/board.py xdma /dev/xdma0 --input photo.jpg",
            ),
            f"the time of a run, and `PASS`; for a picture {OWN_PICTURE}",
            "a minute",
        ),
    ]
    return steps, (f"{BLOCK_DESIGN}, and the names of the board's interfaces are from public designs. {BOARD_HOST}")


def _own(device: Device) -> tuple[list[Step], str]:
    steps = [
        IP,
        Step(
            "Put it into a block design of your own.",
            (),
            "a memory at each of its ports `m_axi_gmem0`, `m_axi_gmem1`, ..., as wide as `PORT_BYTES` in `config.mk`, "
            "and its `s_axi_control` where your host writes registers. `host/overlay_board.py` is such a host: derive "
            "a class from `Board` for the way in which yours reaches memories and registers. A board with processors "
            "of Zynq, or with a platform of Vitis, has a way of its own: set `family` or `board` in the device's file, "
            "as those that come with DYNAMAP do, and plan again.",
        ),
    ]
    return (
        steps,
        "everything after step 1: this device is known by its own file alone, and no block design is written for it.",
    )


_WAYS: MappingProxyType[Way, Callable[[Device], tuple[list[Step], str]]] = MappingProxyType(
    {
        Way.CARD: _card,
        Way.EMBEDDED: _embedded,
        Way.ZYNQ_7000: _pynq,
        Way.ZYNQ_ULTRASCALE: _pynq,
        Way.PCIE: _pcie,
        Way.OWN: _own,
    }
)
