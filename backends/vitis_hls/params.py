"""The one generated header: every size of the kernel, with its unit, origin and the relations it must keep."""

from __future__ import annotations

from dynamap.backends.vitis_hls.sizes import (
    BEAT_BYTES,
    MAX_SOURCES,
    SLOPES,
    UNIT_BYTES,
    VALUE_BYTES,
    KernelSizes,
)


def params_header(sizes: KernelSizes, banner: str) -> str:
    """The text of ``params.h``. ``banner``: comment lines that say where it comes from."""
    s = sizes
    word = s.word_bytes
    constants = [
        ("", "The array: P1 x P2 processing elements, one hardware multiplier each."),
        ("ARRAY_ROWS", s.rows, "P1"),
        ("ARRAY_COLUMNS", s.columns, "P2"),
        ("PACKING", s.packing, "q: int8 products per multiplier and cycle"),
        ("", "Memory: ports of the kernel, and the word that they make together."),
        ("PORTS", s.ports, "memory ports, each with a bank of its own"),
        ("PORT_BYTES", s.port_bytes, "bytes of a beat of one port"),
        ("WORD_BYTES", "PORTS * PORT_BYTES", "X: bytes of a memory word"),
        ("UNIT_BYTES", UNIT_BYTES, "bytes of a unit of the input buffer: 16 channels of a pixel"),
        ("WORD_UNITS", "WORD_BYTES / UNIT_BYTES", "n: banks of the input buffer"),
        ("LANES", s.lanes, "R: lanes of the vector unit and of requantisation"),
        ("", "Buffers. Sizes are of both halves together, but for rows of accumulators and row buffers."),
        ("INPUT_BYTES", s.input_buffer, "IB"),
        ("WEIGHT_BYTES", s.weight_buffer, "WB"),
        ("OUTPUT_BYTES", s.output_buffer, "OB"),
        ("ACCUMULATOR_ROWS", s.accumulator_rows, "AB: rows of a half"),
        ("ROW_BUFFER_BYTES", s.row_buffer, "RB: bytes of a half of a row buffer"),
        ("INPUT_UNITS", "INPUT_BYTES / UNIT_BYTES", ""),
        ("WEIGHT_WORDS", "WEIGHT_BYTES / WORD_BYTES", ""),
        ("OUTPUT_UNITS", "OUTPUT_BYTES / UNIT_BYTES", ""),
        ("", "Tables."),
        ("PARAMETER_BYTES", 16, "bias, multipliers, shifts and clamps of an output channel"),
        ("PARAMETER_CHANNELS", s.parameter_channels, "output channels whose parameters are on chip"),
        ("POOL_ROW_UNITS", s.pool_row_units, "units of a row that pooling reduces"),
        ("SLOPES", SLOPES, "slopes of a leaky activation"),
        ("MAX_SOURCES", MAX_SOURCES, "inputs of an addition or concatenation"),
        ("VALUE_BYTES", VALUE_BYTES, "bytes of an operation's own table"),
        ("PLANE_PIXEL_BYTES", BEAT_BYTES, "a plane of a C x 1 x 1 tensor: four pixels, three of them padding"),
        ("", "Widths in bits: DSP48E2 multiplies 27 x 18; two int8 products lie 18 bits apart."),
        ("VALUE_BITS", 18, ""),
        ("PAIR_BITS", 27, ""),
        ("PRODUCT_BITS", "VALUE_BITS + PAIR_BITS", ""),
        ("PACK_SHIFT", 18, ""),
        ("SUM_BITS", 40, "a Winograd sum; sums of int8 products need 36"),
        ("LOWEST", -128, "smallest activation"),
        ("", "Delay lines of the array: a power of two, longer than P1 + P2."),
        ("RING", s.ring, ""),
    ]
    relations = [
        (f"WORD_BYTES == {word}", "the memory word is what the plan was made for"),
        ("PORTS >= 1 && PORTS <= 8", "the kernel has arguments for at most eight ports"),
        ("64 % PORT_BYTES == 0", "runs start at multiples of 64 bytes, and a beat must not straddle one"),
        ("WORD_BYTES % UNIT_BYTES == 0", "a memory word holds whole units, one per bank of the input buffer"),
        ("LANES % UNIT_BYTES == 0", "the lanes work on whole units"),
        (
            "(WORD_BYTES / 2 > UNIT_BYTES ? WORD_BYTES / 2 : UNIT_BYTES) == LANES",
            "lanes are half a memory word, at least a unit",
        ),
        ("PACKING == 1 || PACKING == 2", "a multiplier makes one int8 product or two"),
        ("PACK_SHIFT + 9 <= PAIR_BITS", "two 9-bit values fit the 27-bit operand"),
        ("9 + 8 <= PACK_SHIFT", "a product of 9 by 8 bits fits below the upper product"),
        ("INPUT_BYTES % (2 * WORD_BYTES) == 0", "each half of the input buffer is a whole number of rows of banks"),
        ("WEIGHT_BYTES % (2 * WORD_BYTES) == 0", "each half of the weight buffer is a whole number of words"),
        ("OUTPUT_BYTES * 2 == INPUT_BYTES", "the output buffer is half of the input buffer"),
        ("ROW_BUFFER_BYTES % UNIT_BYTES == 0", "a row buffer holds whole units"),
        ("PARAMETER_CHANNELS % 4 == 0", "blocks of streamed weights use a quarter of the parameters each"),
        ("(RING & (RING - 1)) == 0", "delay lines are addressed without division"),
        ("RING > ARRAY_ROWS + ARRAY_COLUMNS", "an operand leaves the array before its place in the line is reused"),
    ]
    lines = [banner, "#ifndef OVERLAY_PARAMS_H", "#define OVERLAY_PARAMS_H", ""]
    lines += ["// The number of ports, for the preprocessor.", f"#define OVERLAY_PORTS {s.ports}"]
    for name, *rest in constants:
        if not name:
            lines += ["", f"// {rest[0]}"]
            continue
        value, meaning = rest
        lines.append(f"const int {name} = {value};" + (f"  // {meaning}" if meaning else ""))
    lines.append("")
    lines += [f'static_assert({condition}, "{sentence}");' for condition, sentence in relations]
    return "\n".join([*lines, "", "#endif", ""])
