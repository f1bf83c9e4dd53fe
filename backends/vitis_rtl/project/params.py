"""``params.svh``, the one generated source."""

from __future__ import annotations

from dynamap.backends.hardware.numbers import DERIVED, FORMAT, KERNEL, Number, Part, kernel_parts
from dynamap.backends.hardware.sizes import KernelSizes
from dynamap.backends.hardware.spelling import number_remark
from dynamap.backends.hardware.writers import c_comment
from dynamap.backends.vitis_rtl.core.shape import CoreShape
from dynamap.backends.vitis_rtl.program.records import RUN_RECORDS
from dynamap.cost.overlay.limits import PARAMETER_BYTES


def core_part(shape: CoreShape, sizes: KernelSizes) -> Part:
    """What the RTL decides beside the plan: banks are as deep as a power of two, and as many as a window needs."""
    names = shape.parameters()
    return Part(
        "The RTL's own: banks of the buffers, lanes, ports.",
        (
            Number("GROUP_ROWS", shape.feed.group_rows, "rows whose sums run down one cascade", "PEs", KERNEL),
            Number("LANE_PAIRS", names["Pairs"], "columns that the lanes serve at a time", "columns", KERNEL),
            Number("INPUT_BANKS", names["InputBanks"], "of the input buffer", "banks", KERNEL),
            Number("INPUT_DEPTH", names["InputDepth"], "of a bank", "units", DERIVED),
            Number("WEIGHT_BANKS", names["WeightBanks"], "of the weight buffer", "banks", KERNEL),
            Number("WEIGHT_DEPTH", names["WeightDepth"], "of a bank", "units", DERIVED),
            Number("OUTPUT_DEPTH", names["OutputDepth"], "of the output buffer", "words", DERIVED),
            Number("PARAMETER_BYTES", PARAMETER_BYTES, "of an output channel", "bytes", FORMAT),
            Number("PARAMETER_CHANNELS", sizes.parameter_channels, "whose parameters are on chip", "channels", KERNEL),
            Number("PARAMETER_DEPTH", names["ParameterDepth"], "of their memory", "words", DERIVED),
            Number("OUTSTANDING", names["Outstanding"], "of a memory port", "bursts", KERNEL),
            Number("RECORDS", RUN_RECORDS, "of a run, each with its counters", "records", KERNEL),
        ),
    )


def params_header(shape: CoreShape, sizes: KernelSizes, banner: str) -> str:
    """The text of ``params.svh``; `dynamap_kernel.sv` checks how the numbers go together."""
    array, memory, buffers, _ = kernel_parts(sizes)
    lines = [c_comment(banner)]
    for part in (array, memory, buffers, core_part(shape, sizes)):
        lines += ["", c_comment(part.title), *map(_line, part.numbers)]
    return "\n".join([*lines, ""])


def _line(number: Number) -> str:
    return f"localparam int unsigned {number.name} = {number.value};  {c_comment(number_remark(number))}"
