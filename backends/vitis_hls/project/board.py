#!/usr/bin/env python3
"""Runs the program on a board whose bitstream holds the packaged kernel, and compares its outputs.

    board.py pynq FILE.bit [DATA] [--input FILE] [--output FILE]        a Zynq under PYNQ, as root
    board.py xdma /dev/xdma0 [DATA] [--input FILE] [--output FILE]      a card behind AMD's DMA driver for PCIe
    board.py registers xoverlay_hw.h                                    whether the tool laid the registers out as here

--input is a picture (its classes are printed), or a file of values; these are in the model's own types, C x H x W, one
tensor after the other (overlay_tensor.py), as are those of --output.
Exit status: 0 all outputs equal, 1 a difference (the first one is named), 2 something is missing or wrong.
"""

import argparse
import sys
from pathlib import Path

from model_steps import is_interrupted, run_model
from overlay_board import Board, OverlayNetwork, PynqBoard, XdmaBoard, differing_registers
from overlay_data import OverlayData, add_value_files, project_settings, told


def main() -> int:
    """Runs the program once, or compares the registers; the exit status."""
    project = Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("board", choices=("pynq", "xdma", "registers"))
    parser.add_argument("where", help="the bitstream, the driver's device, or the header of the packaged kernel")
    parser.add_argument("data", nargs="?", type=Path, default=project / "data")
    add_value_files(parser)
    options = parser.parse_args()
    settings = project_settings(project)
    ports = int(settings["PORTS"])
    if options.board == "registers":
        sentences = differing_registers(Path(options.where).read_text(encoding="utf-8"), ports)
        print("\n".join(sentences) or "the registers are where host/board.py expects them")
        return 1 if sentences else 0
    data = OverlayData(options.data, ports, int(settings["PORT_BYTES"]))
    board: Board
    try:
        board = PynqBoard(Path(options.where), data) if options.board == "pynq" else XdmaBoard(options.where, data)
    except ImportError as error:
        print(f"board.py needs pynq, on the board itself ({error}): see README.md", file=sys.stderr)
        return 2
    if is_interrupted(options.data):

        def run_commands(address: int, count: int) -> None:
            board.to_device()
            board.run(address, count)
            board.from_device()

        outcome: int = run_model(data, board.memories, run_commands, options.input, options.output)
        return outcome
    network = OverlayNetwork(board, data)
    network.run(options.input)
    print(f"{1000 * network.seconds:.3f} ms, Python's polling included (predicted: see predicted.json)")
    status: int = data.finish(board.memories, options.input, options.output)
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError) as error:
        print(f"board.py: {told(error)}", file=sys.stderr)
        sys.exit(2)
