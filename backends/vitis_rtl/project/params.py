"""``params.svh``, the one generated source."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dynamap.backends.hardware.numbers import DERIVED, FORMAT, KERNEL, PLAN, Number, Part, kernel_parts
from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.hardware.spelling import number_remark
from dynamap.backends.hardware.writers import c_comment
from dynamap.backends.vitis_rtl.program.shape import KernelShape
from dynamap.cost.overlay.fitting.memory import kernel as kernel_memories
from dynamap.cost.overlay.fitting.memory.kernel import RUN_RECORDS
from dynamap.cost.overlay.limits import PARAMETER_BYTES

ULTRA = MappingProxyType(
    {
        kernel_memories.INPUTS: "INPUT",
        kernel_memories.PIXELS: "PIXEL",
        kernel_memories.WEIGHTS: "WEIGHT",
        kernel_memories.ACCUMULATORS: "ACCUMULATOR",
        kernel_memories.OUTPUTS: "OUTPUT",
        kernel_memories.VECTOR_INPUTS: "VECTOR_INPUT",
        kernel_memories.VECTOR_OUTPUTS: "VECTOR_OUTPUT",
    }
)
"""The memories that may lie in URAM, and how ``params.svh`` calls them."""


def blocks_part(kinds: Mapping[str, str]) -> Part:
    """Of which blocks the memories are made; ``kinds``: of those that are not of BRAM."""
    return Part(
        "Memories that lie in URAM (1), as the plan spreads them; others lie in BRAM.",
        tuple(
            Number(f"{name}_ULTRA", int(kinds.get(memory) == "uram"), memory, "flag", PLAN)
            for memory, name in ULTRA.items()
        ),
    )


def kernel_part(shape: KernelShape, sizes: KernelSizes) -> Part:
    """What the RTL decides beside the plan: banks are as deep as a power of two, and as many as a window needs."""
    names, vector = shape.core.parameters(), shape.vector.parameters()
    return Part(
        "The RTL's own: banks of the buffers, lanes, ports.",
        (
            Number(
                "FACTOR_BITS", names["FactorBits"], "of a slice's wide side: 27 a DSP48E2, 25 a DSP48E1", "bits", PLAN
            ),
            Number("GROUP_ROWS", shape.core.feed.group_rows, "rows whose sums run down one cascade", "PEs", KERNEL),
            Number("LANE_PAIRS", names["Pairs"], "columns that the lanes serve at a time", "columns", KERNEL),
            Number("INPUT_BANKS", names["InputBanks"], "of the input buffer", "banks", KERNEL),
            Number("INPUT_DEPTH", names["InputDepth"], "of a bank", "units", DERIVED),
            Number("WEIGHT_BANKS", names["WeightBanks"], "of the weight buffer", "banks", KERNEL),
            Number("WEIGHT_DEPTH", names["WeightDepth"], "of a bank", "units", DERIVED),
            Number("OUTPUT_DEPTH", names["OutputDepth"], "of the output buffer", "words", DERIVED),
            Number("PARAMETER_BYTES", PARAMETER_BYTES, "of an output channel", "bytes", FORMAT),
            Number("PARAMETER_CHANNELS", sizes.parameter_channels, "whose parameters are on chip", "channels", KERNEL),
            Number("PARAMETER_DEPTH", names["ParameterDepth"], "of their memory", "words", DERIVED),
            Number("WINOGRAD", names["Winograd"], "1: its transforms are built, operands have 16 bits", "flag", KERNEL),
            Number("PIXEL_DEPTH", names["PixelDepth"], "of a bank of Winograd's buffer of pixels", "units", DERIVED),
            Number("VECTOR_LANES", vector["Lanes"], "of the vector unit", "lanes", KERNEL),
            Number("VECTOR_BANKS", vector["Banks"], "of its input and its resident buffer", "banks", KERNEL),
            Number("VECTOR_INPUT_DEPTH", vector["InputDepth"], "of a bank", "units", KERNEL),
            Number("VECTOR_RESIDENT_DEPTH", vector["ResidentDepth"], "of a bank", "units", KERNEL),
            Number("VECTOR_OUTPUT_DEPTH", vector["OutputDepth"], "of its output buffer", "words", KERNEL),
            Number("VECTOR_NORMALISES", vector["Normalises"], "1: it has local response normalisation", "flag", KERNEL),
            Number(
                "VECTOR_POOL_DEPTH",
                vector["PoolDepth"],
                "of a row whose windows run, 0 where none do",
                "pixels",
                KERNEL,
            ),
            Number("OUTSTANDING", names["Outstanding"], "of a memory port", "bursts", KERNEL),
            Number("RECORDS", RUN_RECORDS, "of a run, each with its counters", "records", KERNEL),
        ),
    )


def params_header(
    shape: KernelShape, sizes: KernelSizes, banner: str, kinds: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The text of ``params.svh``; `dynamap_kernel.sv` checks how the numbers go together. ``kinds``: see `blocks_part`.

    `port_names.svh` includes it too, for how many masters there are.
    """
    array, memory, buffers, _ = kernel_parts(sizes)
    lines = [c_comment(banner), "`ifdef NAMES_ALONE", f"`define MEMORY_PORTS_{sizes.ports}", "`else"]
    for part in (array, memory, buffers, kernel_part(shape, sizes), blocks_part(kinds)):
        lines += ["", c_comment(part.title), *map(_line, part.numbers)]
    return "\n".join([*lines, "`endif", ""])


def _line(number: Number) -> str:
    return f"localparam int unsigned {number.name} = {number.value};  {c_comment(number_remark(number))}"
