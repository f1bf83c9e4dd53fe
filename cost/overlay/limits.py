"""What no overlay can do, whatever its size: widths of sums, lengths of tables, limits of the program's fields.

The one place of these numbers. ``planner.network.limits`` asks them of every layer of a network, for ``dynamap check``
and ``dynamap plan``; the quantiser, the overlay program and the kernels are built with them.
"""

from __future__ import annotations

LARGEST_SIDE = 2**16 - 1
"""Channels, rows and columns of a tensor: 16 bits in a command of the overlay program."""

LARGEST_STEP = 4095
"""Kernel, stride, dilation and pads along a dimension: 12 bits in a command."""

LARGEST_PITCH = 2**31 - 1
"""Bytes from a row, or a plane, of a tensor to the next: a signed word of a command."""

LARGEST_ADDRESS = 2**48 - 1
"""Largest address or size of a region: 256 TiB, far above any device and exact in every host language."""

MOST_LAYERS = 2**16 - 1
"""Layers of a network, and tensors: 16 bits in a command."""

MOST_COMMANDS = 2**24
"""Passes of a program."""

MOST_NAME_BYTES = 2**26
"""Names of all layers and tensors together, in UTF-8."""

WORD_BYTES, HEADER_WORDS, COMMAND_WORDS, LAYER_WORDS, TENSOR_WORDS, SOURCE_WORDS = 4, 64, 96, 8, 32, 16
"""Records of a program: its header, a command, a layer, a tensor, an input of a layer with several."""

ACTIVATION_ALIGNMENT = 4096
"""The activations start at a multiple of this, so that a host can map them as a buffer of their own."""

PARAMETER_BYTES, TABLE_BYTES, SLOPE_BYTES = 16, 256, 4
"""Of an output channel in a run of weights: int32 bias, int32 multiplier, shift and clamps. Of a layer: its look-up
table. Of a channel: its slope."""

SUM_BITS = 36
"""Signed bits of an accumulator of int8 products, bias included."""

PRODUCT_BITS = 40
"""Signed bits of a product of the vector unit that the lanes still shift, and of a Winograd sum."""

MULTIPLIER_BITS = 17
"""Bits of an unsigned multiplier."""

CENTRED = 255
"""Largest magnitude of a value less its zero point."""

POOL_PIXEL_BITS, POOL_WINDOW_BITS = 9, 24
"""Signed bits of a centred value, of which pooling keeps two rows, and of a sum of them over a window."""

MOST_AVERAGED = (2 ** (POOL_WINDOW_BITS - 1) - 1) // CENTRED
"""Values of one average: 32,896. The import makes larger ones of two steps."""

POOL_PIXELS = 512
"""Pixels of the two rows that pooling keeps."""

MOST_NORMALISED = 8
"""Channels that an LRN sums over: up to three before each, and up to four behind."""

NORMALISED_OCTAVES = 19
"""Sums of their squares stay below 2^19."""

LRN_OCTAVES = 29
"""Rows of the table of an LRN, one for each octave of such a sum; those behind the largest sum are not read."""

MOST_SOURCES = 64
"""Inputs of one addition or concatenation: source records of a command that are on chip."""

PARAMETER_CHANNELS = 8192
"""Output channels of a pass whose parameters are on chip; a quarter of them for a block of streamed weights."""

MOST_SLOPES = 8192
"""Slopes of a leaky activation of the vector unit, one per channel."""

VALUE_BYTES = 16384
"""Bytes of an operation's own table (average pooling, LRN)."""

MOST_CLASSES = 256
"""Classes of rows, or of columns, of an average: windows with different numbers of values inside the image."""

assert MOST_NORMALISED * CENTRED**2 < 2**NORMALISED_OCTAVES
