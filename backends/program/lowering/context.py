"""What all layers share while they are lowered to commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dynamap.backends.program.layout import Layout
from dynamap.backends.program.lowering.tables import Region, Tables
from dynamap.backends.program.specification import Command, Flag, Op
from dynamap.backends.quantise import Finish, QuantisedNetwork
from dynamap.planner.network.network import Layer, Network
from dynamap.planner.plan.layers import OnArray, OnVectorUnit
from dynamap.planner.plan.parts import OverlayInfo

Int8Array = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Place:
    """A tensor's layout and its address, counted from the start of the activations."""

    layout: Layout
    address: int


@dataclass(frozen=True)
class Lowering:
    """The network, where its tensors lie, and the regions that grow. Addresses are relative to their regions."""

    quantised: QuantisedNetwork
    overlay: OverlayInfo
    places: Mapping[str, Place]
    weights: Region = field(default_factory=Region)
    tables: Tables = field(default_factory=Tables)

    @property
    def network(self) -> Network:
        return self.quantised.network

    def zero_point(self, tensor: str) -> int:
        return self.quantised.tensors[tensor].zero_point

    def command(self, op: Op, index: int, layer: Layer, planned: OnArray | OnVectorUnit) -> Command:
        """What a command says of its layer alone; the rest is as the specification has it where not used."""
        source, target = self.places[layer.inputs[0]], self.places[layer.output]
        read, written = source.layout.shape, target.layout.shape
        window = planned.shape
        return Command(
            op=op,
            layer=index,
            input_format=source.layout.format,
            output_format=target.layout.format,
            input_address=source.address,
            output_address=target.address,
            input_row_bytes=source.layout.row_bytes,
            input_plane_bytes=source.layout.plane_bytes,
            output_row_bytes=target.layout.row_bytes,
            output_plane_bytes=target.layout.plane_bytes,
            channels=read.channels,
            height=read.height,
            width=read.width,
            out_channels=written.channels,
            out_height=written.height,
            out_width=written.width,
            kernel_rows=window.kernel[0],
            kernel_columns=window.kernel[1],
            stride_rows=window.stride[0],
            stride_columns=window.stride[1],
            dilation_rows=window.dilation[0],
            dilation_columns=window.dilation[1],
            pad_top=window.pads[0],
            pad_left=window.pads[1],
            pass_rows=written.height,
            block_rows=written.height,
            block_input_rows=read.height,
            last_input_rows=read.height,
            pass_channels=written.channels,
            block_channels=written.channels,
            window_bytes=source.layout.window_bytes,
            pad_value=self.zero_point(layer.inputs[0]),
        )

    def looked_up(self, made: Command, table: Int8Array | None) -> Command:
        """The command with a table that its results go through, if there is one."""
        if table is None:
            return made
        address = self.tables.add(table.astype("i1").tobytes())
        return replace(made, flags=made.flags | Flag.LOOKUP, lookup_address=address)

    def finished(self, made: Command, finish: Finish) -> Command:
        """The command with rounding, clamp, table and slopes at the end of a vector layer."""
        made = replace(made, output_zero_point=finish.rounded.zero_point, clamp_low=finish.low, clamp_high=finish.high)
        made = self.looked_up(made, finish.table)
        if finish.leaky is None:
            return made
        slopes = finish.leaky.negatives.reshape(-1).astype("<i4")
        return replace(
            made,
            flags=made.flags | Flag.LEAKY,
            leaky_positive=finish.leaky.positive,
            leaky_shift=finish.leaky.shift,
            slope_count=slopes.size,
            slopes_address=self.tables.add(slopes.tobytes()),
        )
