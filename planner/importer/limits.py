"""How much a model may ask of the import, in one place: a small file of a stranger must not cost much.

Each limit is kept before the work is done. docs/import.md lists them.
"""

from __future__ import annotations

MAX_ELEMENTS = 2**29
"""Elements of one tensor: more than any layer has, less than would exhaust the machine."""

MAX_SIDE = 2**16
"""Rows or columns of a tensor: more than any image has."""

MAX_CHANNELS = 2**22
"""Channels of a tensor, or features of a vector."""

MAX_AXES = 64
"""Axes of a tensor; NumPy has no more."""

MAX_NODES = 2**16
"""Nodes of a model, those of its branches included, each call of a function written out."""

MAX_COPIED_BYTES = 2**27
"""Bytes of functions and branches that are written out in place of the nodes that call them."""

MAX_NESTING = 24
"""Graphs or functions within each other; protobuf itself reads about 30."""

MAX_BRANCH_ROUNDS = 32
"""How often the conditions of branches are computed anew, because they depend on branches taken before."""

MAX_TRIPS = 1024
"""Trips of a loop over constants."""

STORED_TIMES = 4
"""Computed constants may take this many times the bytes of the constants that the model stores..."""

FREE_BYTES = 2**27
"""... and so many bytes more. Copies that share memory (views, placeholders of one value) take none."""

MAX_STEPS = 2**32
"""Steps of computing constants, about a nanosecond each..."""

STEPS_PER_STORED_BYTE = 16
"""... and so many more for each byte that the model stores."""
