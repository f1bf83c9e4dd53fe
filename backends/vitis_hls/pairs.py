"""What a multiplier's wide side cannot hold: pairs of the 9-bit data of kn2row, where it has 25 bits."""

from __future__ import annotations

from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.program import Op, Program
from dynamap.backends.program.specification import DataflowCode
from dynamap.cost.errors import InputError
from dynamap.cost.multiplier import lifts


def check_pairs(program: Program, sizes: KernelSizes) -> None:
    """Refuses layers whose inputs stay in pairs and are taken less a zero point (docs/arithmetic.md, section 8).

    Raises:
        InputError: naming the layer, and how to plan it.
    """
    if sizes.packing == 1 or not lifts(sizes.factor_bits):
        return
    for command in program.commands:
        if command.op is Op.CONV and command.dataflow is DataflowCode.IS and command.data_offset:
            raise InputError(
                f"layer {program.layer_names[command.layer]!r}: kn2row whose inputs stay has data of 9 bits, and a "
                f"multiplier of {sizes.factor_bits} bits no room for two of them: plan with --dataflows ns,ws, or "
                "with --no-packing"
            )
