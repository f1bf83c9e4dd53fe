"""The one generated header: the numbers of every kernel, and the widths of AMD's multipliers, as C++."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dynamap.backends.hardware.memories import plan_spread
from dynamap.backends.hardware.numbers import (
    DERIVED,
    DEVICE,
    FORMAT,
    Number,
    Part,
    Relation,
    delay_lines,
    kernel_parts,
)
from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.hardware.spelling import cpp_header
from dynamap.cost.device import Device
from dynamap.cost.multiplier import DSP48E2, lifts, pair_shift
from dynamap.cost.overlay.fitting.extras import NO_EXTRAS
from dynamap.cost.overlay.fitting.memory.kernel import ACCUMULATORS, INPUTS, OUTPUTS, WEIGHTS
from dynamap.cost.overlay.machine import NO_VECTOR_BUFFERS
from dynamap.planner.plan.plan import Plan


def _widths(sizes: KernelSizes) -> Part:
    # A plan for another vendor's device can be simulated too, in a multiplier of AMD's.
    bits = sizes.factor_bits if pair_shift(sizes.factor_bits) else DSP48E2.wide_bits
    shift, lifted = pair_shift(bits), lifts(bits) and sizes.packing > 1
    assert shift is not None
    return Part(
        f"Widths: a multiplier takes {bits} x 18 bits; two int8 products lie {shift} bits apart.",
        (
            Number("VALUE_BITS", 18, "the operand that both products share", "bits", DEVICE),
            Number("PAIR_BITS", bits, "the operand that holds two int8 values", "bits", DEVICE),
            Number("PRODUCT_BITS", "VALUE_BITS + PAIR_BITS", "their product", "bits", DERIVED),
            Number("PACK_SHIFT", shift, "from the lower product to the upper one", "bits", DERIVED),
            Number("LIFT", 128 * lifted, "added to a pair, so that its lower value is never negative", "", DERIVED),
            Number("SUM_BITS", 40, "a Winograd sum; sums of int8 products need 36", "bits", FORMAT),
            Number(
                "SCALED_BITS", "SUM_BITS + VALUE_BITS", "a sum times a multiplier of requantisation", "bits", DERIVED
            ),
        ),
        (
            Relation(
                "PACK_SHIFT + (LIFT != 0 || PACKING == 1 ? 8 : 9) <= PAIR_BITS",
                "a pair of values fits an operand: of 9 bits each, or of 8 where the lower one is lifted",
            ),
            Relation("9 + 8 <= PACK_SHIFT", "a product of 9 by 8 bits fits below the upper product"),
        ),
    )


STORAGE = MappingProxyType({INPUTS: "INPUT", OUTPUTS: "OUTPUT", WEIGHTS: "WEIGHT", ACCUMULATORS: "ACCUMULATOR"})
"""The buffers of the kernel that the plan counts, and how ``params.h`` calls them."""
_IMPLEMENTATIONS = MappingProxyType({"uram": "uram", "bram36": "bram"})


def storage_of(plan: Plan, device: Device) -> dict[str, str]:
    """What Vitis HLS shall make each buffer of: the kind of memory among whose blocks the plan counts it.

    Raises:
        InfeasibleError: the buffers do not fit the device.
    """
    spread = plan_spread(plan, device, NO_EXTRAS, NO_VECTOR_BUFFERS)
    return {buffer: _IMPLEMENTATIONS[kind] for buffer, kind in spread.kinds.items() if buffer in STORAGE}


def params_header(sizes: KernelSizes, banner: str, storage: Mapping[str, str] | None = None) -> str:
    """The text of ``params.h``. ``banner``: a comment that says where it comes from; ``storage``: of the buffers."""
    chosen = storage or {}
    macros = [
        "// What each buffer is made of, as the plan counts its blocks [plan]; macros, since pragmas read no constants."
    ]
    macros += [f"#define {name}_STORAGE {chosen.get(buffer, 'auto')}" for buffer, name in STORAGE.items()]
    return cpp_header((*kernel_parts(sizes), _widths(sizes), delay_lines(sizes)), banner, macros)
