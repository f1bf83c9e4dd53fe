"""From a plan and a quantised network to an overlay program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import numpy as np

from dynamap.backends.program.encoding import (
    COMMAND_BYTES,
    HEADER_BYTES,
    LAYER_BYTES,
    TENSOR_BYTES,
    Program,
    read_program,
    seal,
)
from dynamap.backends.program.fields import encode_record
from dynamap.backends.program.layout import Layout, plain_layout, toeplitz_layout
from dynamap.backends.program.lowering.context import Lowering, Place
from dynamap.backends.program.lowering.convolution import lower_conv
from dynamap.backends.program.lowering.vector import lower_vector
from dynamap.backends.program.specification import (
    ALIGNMENT,
    DECLARED,
    FORMATS,
    MAGIC,
    NONE,
    VERSION,
    Area,
    Command,
    Declared,
    FormatCode,
    Header,
    LayerEntry,
    Role,
    TensorEntry,
    addressed,
)
from dynamap.backends.quantise import ConcatArithmetic, QuantisedNetwork
from dynamap.cost.convolution import ConvShape
from dynamap.cost.errors import InputError
from dynamap.cost.multiplier import MULTIPLIERS
from dynamap.cost.overlay.limits import (
    ACTIVATION_ALIGNMENT,
    COMMAND_WORDS,
    HEADER_WORDS,
    LAYER_WORDS,
    SOURCE_WORDS,
    TENSOR_WORDS,
)
from dynamap.cost.overlay.machine import round_up
from dynamap.cost.overlay.transfer import Format
from dynamap.planner.mapping.memory import blocks_of, check_fits, place, read_back
from dynamap.planner.mapping.storage import Storages, find_storages
from dynamap.planner.network.network import Conv, HostLayer, Network
from dynamap.planner.network.work import work_of
from dynamap.planner.plan.described import layer_shape
from dynamap.planner.plan.layers import OnArray, OnVectorUnit
from dynamap.planner.plan.plan import Plan


def compile_program(plan: Plan, quantised: QuantisedNetwork) -> Program:
    """The program of a plan: commands, packed weights and the place of every tensor.

    Raises:
        InputError: the plan is not for this network or not for the overlay, or a field's limit is passed.
        InfeasibleError: the device's memory is too small.
    """
    network = quantised.network
    _check_plan(plan, network)
    storages = find_storages(network)
    _check_in_place(quantised, storages)
    layouts = tensor_layouts(plan, network, storages)
    sizes = {tensor: layout.size_bytes for tensor, layout in layouts.items()}
    blocks = blocks_of(network, storages, sizes)
    offsets = place(blocks)
    places = {
        tensor: Place(layout, offsets[storages.placement[tensor].root] + _slice_offset(tensor, layouts, storages))
        for tensor, layout in layouts.items()
    }
    lowering = Lowering(quantised, plan.overlay, places)
    commands: list[Command] = []
    executed = executed_layers(plan, network, storages)
    for index, layer in enumerate(network.layers):
        planned = executed.get(layer.name)
        if isinstance(planned, OnArray):
            assert isinstance(layer, Conv)
            commands.extend(lower_conv(lowering, index, layer, planned))
        elif planned is not None:
            commands.extend(lower_vector(lowering, index, layer, planned))
    image = _Image(plan, network, lowering, commands)
    memory = plan.device["system"]["memory_bytes"]
    base = round_up(image.size, ACTIVATION_ALIGNMENT)
    end = check_fits(blocks, offsets, base, memory, plan.device["device"]["name"])
    return replace(read_program(image.sealed(base, end)), scales=quantised.statement)


def _check_plan(plan: Plan, network: Network) -> None:
    if plan.cost_model != "overlay":
        raise InputError(
            f"the plan was made with the cost model {plan.cost_model!r}, which describes no program; "
            "plan again with --cost-model overlay"
        )
    if plan.model.sha256 != network.sha256:
        raise InputError(
            f"the plan is for another model than {network.name!r}: its SHA-256 is {plan.model.sha256[:16]}..., "
            f"the model's {network.sha256[:16]}...; plan the model again"
        )
    planned = [layer.name for layer in plan.layers]
    if planned != [layer.name for layer in network.layers]:
        raise InputError(
            f"the plan's layers are not those of {network.name!r}: it was made by another version; plan again"
        )
    for said, layer in zip(plan.layers, network.layers, strict=True):
        if said.shape != layer_shape(layer, network):
            raise InputError(
                f"layer {layer.name!r}: the plan says another shape than the model has: it was changed by hand, or "
                "made by another version; plan again"
            )


def _check_in_place(quantised: QuantisedNetwork, storages: Storages) -> None:
    for name in storages.in_place:
        integers = quantised.layers[name]
        if isinstance(integers, ConcatArithmetic) and any(rescale is not None for rescale in integers.rescales):
            raise InputError(
                f"layer {name!r}: the tensors that it joins have different scales in the quantised model and the plan "
                "joins them without copying; quantise the model with equal scales for them"
            )


def executed_layers(plan: Plan, network: Network, storages: Storages) -> dict[str, OnArray | OnVectorUnit]:
    """The plan's layers that the overlay executes, by name.

    Raises:
        InputError: the plan does not run a layer where the network needs it to be run.
    """
    planned = {layer.name: layer for layer in plan.layers}
    executed: dict[str, OnArray | OnVectorUnit] = {}
    for layer in storages.executed:
        found = planned[layer.name]
        on_array = isinstance(layer, Conv) and isinstance(work_of(layer, network), ConvShape)
        if not isinstance(found, OnArray if on_array else OnVectorUnit):
            where = "the array" if on_array else "the vector unit"
            raise InputError(f"layer {layer.name!r}: the plan does not run it on {where}; plan the model again")
        executed[layer.name] = found
    return executed


def tensor_layouts(plan: Plan, network: Network, storages: Storages) -> dict[str, Layout]:
    """The layout of every tensor that the overlay reads or writes.

    Raises:
        InputError: layers of the plan disagree on a tensor's format.
    """
    executed = executed_layers(plan, network, storages)
    formats: dict[int, Format] = {}
    layouts: dict[str, Layout] = {}
    readers = {tensor: layer for layer in network.layers for tensor in layer.inputs}
    for layer in storages.executed:
        decided = executed[layer.name]
        pairs = [(tensor, decided.input_format) for tensor in layer.inputs] + [(layer.output, decided.output_format)]
        for tensor, chosen in pairs:
            assert isinstance(chosen, Format), "a plan by the published model is refused before"
            known = formats.setdefault(storages.vertex[tensor], chosen)
            if chosen is not known:
                raise InputError(
                    f"layer {layer.name!r}: the plan stores tensor {tensor!r} in format {chosen.value!r}, "
                    f"another layer in {known.value!r}; plan the model again"
                )
    inside = [layer.output for layer in network.layers if layer.name in storages.in_place]
    for tensor in dict.fromkeys((*storages.vertex, *inside)):
        shape = network.tensors[tensor]
        root = storages.placement[tensor].root
        code = FORMATS[formats[storages.vertex[tensor]]] if tensor in storages.vertex else FormatCode.C16
        if code is FormatCode.TOEPLITZ:
            reader = readers[tensor]
            assert isinstance(reader, Conv) and root == tensor
            target = network.tensors[reader.output]
            layouts[tensor] = toeplitz_layout(shape, reader.window, target.height, target.width)
        else:
            layouts[tensor] = plain_layout(shape, code)
    return layouts


def _slice_offset(tensor: str, layouts: Mapping[str, Layout], storages: Storages) -> int:
    """Bytes from the start of the tensor's block to its first plane."""
    offset = storages.placement[tensor].offset
    assert offset % 16 == 0
    return offset // 16 * layouts[tensor].plane_bytes


class _Image:
    """The parts of the image, with addresses still relative to their regions, and their final places."""

    def __init__(self, plan: Plan, network: Network, lowering: Lowering, commands: list[Command]) -> None:
        self.plan, self.network, self.lowering, self.commands = plan, network, lowering, commands
        self.roles = dict.fromkeys(network.inputs, Role.INPUT) | dict.fromkeys(read_back(network), Role.OUTPUT)
        names = [layer.name for layer in network.layers] + list(lowering.places)
        encoded = [name.encode() for name in names]
        self.strings = b"".join(encoded)
        ends = np.cumsum([len(name) for name in encoded]).tolist()
        self.spans = {
            (i < len(network.layers), name): (end - len(text), len(text))
            for i, (name, text, end) in enumerate(zip(names, encoded, ends, strict=True))
        }
        self.layers_address = HEADER_BYTES + len(commands) * COMMAND_BYTES
        self.tensors_address = round_up(self.layers_address + len(network.layers) * LAYER_BYTES, ALIGNMENT)
        self.strings_address = self.tensors_address + len(lowering.places) * TENSOR_BYTES
        self.tables_address = round_up(self.strings_address + len(self.strings), ALIGNMENT)
        self.weights_address = self.tables_address + lowering.tables.region.size
        self.size = self.weights_address + lowering.weights.size

    def sealed(self, base: int, end: int) -> bytes:
        """The image as bytes, for activations from ``base`` to ``end``."""
        head = bytearray(self.weights_address)

        def write(start: int, data: bytes) -> None:
            head[start : start + len(data)] = data

        for i, made in enumerate(self.commands):
            name = self.network.layers[made.layer].name
            record = encode_record(self._moved(made, base), COMMAND_WORDS, f"layer {name!r}")
            write(HEADER_BYTES + i * COMMAND_BYTES, record)
        for i, entry in enumerate(self._layer_entries()):
            record = encode_record(entry, LAYER_WORDS, f"layer {self.network.layers[i].name!r}")
            write(self.layers_address + i * LAYER_BYTES, record)
        for i, (tensor, where) in enumerate(self.lowering.places.items()):
            record = encode_record(self._tensor_entry(tensor, where, base), TENSOR_WORDS, f"tensor {tensor!r}")
            write(self.tensors_address + i * TENSOR_BYTES, record)
        write(self.strings_address, self.strings)
        write(self.tables_address, self.lowering.tables.finish(base))
        return seal(self._header(base, end), head, self.lowering.weights.pieces)

    def _moved(self, made: Command, base: int) -> Command:
        """The command with addresses in the device buffer."""
        starts = {
            Area.TABLES: self.tables_address,
            Area.WEIGHTS: self.weights_address,
            Area.ACTIVATIONS: base,
        }
        moved = {name: getattr(made, name) + starts[area] for name, area in addressed(made).items()}
        return replace(made, **moved)

    def _layer_entries(self) -> list[LayerEntry]:
        counts = np.bincount([made.layer for made in self.commands], minlength=len(self.network.layers)).tolist()
        tensors = {tensor: i for i, tensor in enumerate(self.lowering.places)}
        entries, first = [], 0
        for layer, count in zip(self.network.layers, counts, strict=True):
            offset, size = self.spans[True, layer.name]
            output = NONE if isinstance(layer, HostLayer) else tensors[layer.output]
            entries.append(LayerEntry(offset, size, first, count, output))
            first += count
        return entries

    def _tensor_entry(self, tensor: str, where: Place, base: int) -> TensorEntry:
        layout = where.layout
        scheme = self.lowering.quantised.tensors[tensor]
        window = layout.window
        offset, size = self.spans[False, tensor]
        return TensorEntry(
            name_offset=offset,
            name_bytes=size,
            role=self.roles.get(tensor, Role.INTERNAL),
            format=layout.format,
            address=where.address + base,
            size_bytes=layout.size_bytes,
            row_bytes=layout.row_bytes,
            plane_bytes=layout.plane_bytes,
            channels=layout.shape.channels,
            height=layout.shape.height,
            width=layout.shape.width,
            scale_bits=int(np.array(scheme.scale, "<f4").view("<u4")),
            zero_point=scheme.zero_point,
            window_bytes=layout.window_bytes,
            out_height=layout.windows[0],
            out_width=layout.windows[1],
            kernel_rows=window.kernel[0] if window else 0,
            kernel_columns=window.kernel[1] if window else 0,
            stride_rows=window.stride[0] if window else 0,
            stride_columns=window.stride[1] if window else 0,
            dilation_rows=window.dilation[0] if window else 0,
            dilation_columns=window.dilation[1] if window else 0,
            pad_top=window.pads[0] if window else 0,
            pad_left=window.pads[1] if window else 0,
            declared=DECLARED.get(self.network.type_of(tensor), Declared.REAL),
        )

    def _header(self, base: int, end: int) -> Header:
        overlay, system = self.plan.overlay, self.plan.device["system"]
        return Header(
            magic=MAGIC,
            version=VERSION,
            crc32=0,
            header_words=HEADER_WORDS,
            command_words=COMMAND_WORDS,
            layer_words=LAYER_WORDS,
            tensor_words=TENSOR_WORDS,
            source_words=SOURCE_WORDS,
            command_count=len(self.commands),
            layer_count=len(self.network.layers),
            tensor_count=len(self.lowering.places),
            string_bytes=len(self.strings),
            commands_address=HEADER_BYTES,
            layers_address=self.layers_address,
            tensors_address=self.tensors_address,
            strings_address=self.strings_address,
            tables_address=self.tables_address,
            tables_bytes=self.lowering.tables.region.size,
            weights_address=self.weights_address,
            weights_bytes=self.lowering.weights.size,
            image_bytes=self.size,
            activations_address=base,
            activations_bytes=end - base,
            memory_bytes=end,
            rows=overlay.rows,
            columns=overlay.columns,
            packing=overlay.packing,
            memory_word_bytes=overlay.word_bytes,
            lanes=overlay.lanes,
            **asdict(overlay.buffers),
            output_buffer=overlay.output_buffer,
            clock_khz=round(overlay.clock_mhz * 1000),
            bandwidth_bytes_per_ms=round(overlay.bandwidth_gbs * 1e6),
            read_latency=system["read_latency_cycles"],
            write_latency=system["write_latency_cycles"],
            crossings=overlay.crossings,
            factor_bits=MULTIPLIERS[self.plan.device["resources"]["multiplier"]].wide_bits,
        )
