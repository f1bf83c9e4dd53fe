"""The hand-written SystemVerilog and the benches, read from the installed package."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from pathlib import Path

ROOMS = {
    "slice": ("vendor_slice.sv",),
    "array": (
        "array_pkg.sv",
        "delay_line.sv",
        "dsp_slice.sv",
        "pe.sv",
        "pe_group.sv",
        "group_split.sv",
        "sum_tree.sv",
        "array_column.sv",
        "left_edge.sv",
        "top_edge.sv",
        "array_core.sv",
    ),
    "accumulators": ("accumulator_memory.sv", "accumulator.sv", "accumulator_columns.sv", "systolic_array.sv"),
    "load": ("load_pkg.sv", "stride_network.sv", "pixel_lanes.sv", "placer.sv"),
    "buffers": (
        "buffers_pkg.sv",
        "buffer_bank.sv",
        "unit_rotator.sv",
        "byte_shift.sv",
        "turned_banks.sv",
        "banked_buffer.sv",
        "joined_buffer.sv",
        "corner_turn.sv",
    ),
    "feed": (
        "feed_pkg.sv",
        "tile_walker.sv",
        "part_walker.sv",
        "weight_loader.sv",
        "weight_reader.sv",
        "window_walker.sv",
        "window_reader.sv",
        "array_operands.sv",
        "feed.sv",
    ),
    "winograd": (
        "winograd_pkg.sv",
        "factor_pkg.sv",
        "transform_line.sv",
        "transform_turn.sv",
        "transform_order.sv",
        "plane_transform.sv",
        "exact_quotient.sv",
        "output_transform.sv",
        "sums_transform.sv",
    ),
    "transform": (
        "transform_pkg.sv",
        "piece_walker.sv",
        "pixel_walker.sv",
        "transformed_writer.sv",
        "load_transform.sv",
    ),
    "stay": ("stay_products.sv", "stay_leave.sv", "stay_sums.sv", "held_tiles.sv", "held_inputs.sv"),
    "memory_ports": (
        "axi_pkg.sv",
        "axi_fifo.sv",
        "axi_bursts.sv",
        "axi_read.sv",
        "axi_write.sv",
        "port_shares.sv",
        "first_failure.sv",
        "memory_read.sv",
        "memory_write.sv",
    ),
    "lanes": (
        "lanes_pkg.sv",
        "lane_slice.sv",
        "lane_product.sv",
        "lane_shift.sv",
        "lane_table.sv",
        "lane.sv",
        "lanes.sv",
    ),
    "post": (
        "post_pkg.sv",
        "post_lanes.sv",
        "parameter_bank.sv",
        "parameter_memory.sv",
        "post.sv",
    ),
    "store": (
        "store_pkg.sv",
        "output_bank.sv",
        "channel_turn.sv",
        "channel_places.sv",
        "output_writer.sv",
        "output_reader.sv",
        "packed_reader.sv",
        "pixel_reader.sv",
        "output_buffer.sv",
        "run_requests.sv",
        "store_requests.sv",
    ),
    "tiles": ("tile_parameters.sv", "tile_places.sv"),
    "requests": ("chunk_order.sv", "post_requests.sv", "position_requests.sv"),
    "control": ("control_slave.sv",),
    "sequence": ("drain_pkg.sv", "drain.sv"),
    "core": (
        "core_pkg.sv",
        "memory_sequence.sv",
        "input_place.sv",
        "load_inputs.sv",
        "core_control.sv",
        "deliver.sv",
        "core_reads.sv",
        "array_of_style.sv",
        "core.sv",
    ),
    "normalise": ("lrn_pkg.sv", "lrn_square.sv", "lrn_octave.sv", "lrn_table.sv", "lrn.sv"),
    "pool": ("pool_pkg.sv", "pool_pair.sv", "pool_lane.sv", "pool.sv"),
    "vector": (
        "vector_pkg.sv",
        "vector_slice.sv",
        "vector_lane.sv",
        "vector_lanes.sv",
        "vector_walker.sv",
        "merge_turn.sv",
        "resident_buffer.sv",
        "vector_repeat.sv",
        "vector_control.sv",
        "vector_store.sv",
        "vector_unit.sv",
    ),
    "program": (
        "program_pkg.sv",
        "record_fetch.sv",
        "record_runner.sv",
        "record_counts.sv",
        "read_share.sv",
        "write_share.sv",
    ),
    "kernel": ("engines.sv", "overlay.sv"),
}
"""What becomes hardware, by the folder of ``rtl``. In each, a package stands before what uses it."""

TWINS = {
    "array": ("dsp_slice_model.sv",),
    "accumulators": ("systolic_array_loops.sv",),
    "lanes": ("lane_slice_model.sv",),
    "vector": ("vector_slice_model.sv",),
}
"""What a simulation needs beside it: the twins of the multiplier slices, and the array in loops."""

ARRAY = (*ROOMS["slice"], *ROOMS["array"], *ROOMS["accumulators"])
"""The systolic array."""

FEED = (*ROOMS["load"], *ROOMS["buffers"], *ROOMS["feed"], *ROOMS["stay"])
"""What brings operands to the array."""

WINOGRAD = (*ROOMS["winograd"], *ROOMS["transform"])
"""Winograd's transforms of inputs and of sums, by themselves."""

MEMORY_PORTS = ROOMS["memory_ports"]
"""The masters of a memory port."""

TURNED = ("delay_line.sv", "unit_rotator.sv", "corner_turn.sv")
"""What turns rows into columns."""

DRAIN = (
    *MEMORY_PORTS,
    *TURNED,
    *ROOMS["slice"],
    *ROOMS["winograd"],
    *ROOMS["lanes"],
    *ROOMS["post"],
    *ROOMS["store"],
    *ROOMS["tiles"],
    *ROOMS["requests"],
    *ROOMS["sequence"],
)
"""What becomes of the sums: POST, STORE and their order, with the ports."""

VECTOR = (
    *MEMORY_PORTS,
    *TURNED,
    *ROOMS["slice"],
    *ROOMS["winograd"],
    *ROOMS["lanes"],
    "post_pkg.sv",
    *ROOMS["store"],
    *ROOMS["tiles"],
    "drain_pkg.sv",
    *(name for name in FEED[: FEED.index("tile_walker.sv")] if name not in TURNED),
    "transform_pkg.sv",
    *(name for name in ROOMS["core"] if name in ("core_pkg.sv", "memory_sequence.sv", "input_place.sv", "deliver.sv")),
    "core_reads.sv",
    *ROOMS["normalise"],
    *ROOMS["pool"],
    *ROOMS["vector"],
)
"""The vector unit, with what it has in common with the convolution core."""

CORE = (
    *ARRAY,
    *FEED,
    *MEMORY_PORTS,
    *WINOGRAD,
    *ROOMS["lanes"],
    *ROOMS["post"],
    *ROOMS["store"],
    *ROOMS["tiles"],
    *ROOMS["requests"],
    *ROOMS["sequence"],
    *ROOMS["core"],
)
"""The convolution core."""

SYNTHESISED = (
    *CORE,
    *ROOMS["normalise"],
    *ROOMS["pool"],
    *ROOMS["vector"],
    *ROOMS["control"],
    *ROOMS["program"],
    *ROOMS["kernel"],
)
KERNEL = ("params_pkg.sv", "dynamap_kernel.sv")
"""The kernel of one plan, beside all others: it includes ``params.svh``."""

KERNEL_HEADERS = ("port_names.svh",)
"""What the kernel's top and its bench include beside that."""

KERNEL_SOURCES = (*SYNTHESISED, *KERNEL)
"""All of the kernel."""

TWIN_FILES = tuple(name for names in TWINS.values() for name in names)
SIMULATED = (*SYNTHESISED, *TWIN_FILES)

FOLDER_OF = {name: f"rtl/{room}" for rooms in (ROOMS, TWINS) for room, names in rooms.items() for name in names}
FOLDER_OF |= dict.fromkeys((*KERNEL, *KERNEL_HEADERS), "rtl/kernel")
"""Where each lies in the package."""

BENCH_MEMORY = ("port_memories.sv", "memory_model.sv", "axi_checks.sv", "axi_stable.sv")
"""The memory of a bench and the rules of AXI, in a folder of their own."""

BENCH_POST = ("lanes_of_post.sv", "lanes_bench.sv", "drain_bench.sv")

BENCH_WINOGRAD = ("transform_bench.sv", "load_transform_bench.sv")

KERNEL_BENCH = ("kernel_bench.sv", *BENCH_MEMORY)
"""The kernel before a memory, as ``kernel_sim.cpp`` drives it."""

BENCHES = (
    "core_bench.sv",
    "array_bench.sv",
    "feed_bench.sv",
    "layer_bench.sv",
    "vector_bench.sv",
    "control_bench.sv",
    "queue.sv",
    "memory_bench.sv",
    *BENCH_POST,
    *BENCH_WINOGRAD,
    *BENCH_MEMORY,
)
"""The benches, and the memory, its checks and queues, which a tool finds by their names."""

BENCH_FOLDER_OF = {
    **dict.fromkeys(BENCH_MEMORY, "bench/memory"),
    **dict.fromkeys(BENCH_POST, "bench/post"),
    **dict.fromkeys(BENCH_WINOGRAD, "bench/winograd"),
    "kernel_bench.sv": "bench/kernel",
}

PRIMITIVE = "DSP48E2.sv"
OLDER_PRIMITIVE = "DSP48E1.v"
"""They stand for the vendor's slices where sources of the synthesis are simulated; the second is of Yosys' library."""

REPLAY = "replay.cpp"


def source_files(names: Iterable[str]) -> dict[str, bytes]:
    """The files of these names, of the RTL or of benches."""
    root = resources.files("dynamap.backends.vitis_rtl")
    places = {name: FOLDER_OF.get(name) or BENCH_FOLDER_OF.get(name, "bench") for name in names}
    return {name: (root / place / name).read_bytes() for name, place in places.items()}


def write_sources(folder: Path, rtl: Iterable[str], bench: Iterable[str] = ()) -> None:
    """Write the files of these names, and the headers of the kernel, all beside each other, into ``folder``."""
    for name, content in source_files((*rtl, *bench, *KERNEL_HEADERS)).items():
        (folder / name).write_bytes(content)
