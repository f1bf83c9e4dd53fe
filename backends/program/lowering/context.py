"""What all layers share while they are lowered to commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dynamap.backends.program.layout import Layout
from dynamap.backends.program.lowering.tables import Region, Tables
from dynamap.backends.program.specification import (
    AlgorithmCode,
    Command,
    DataflowCode,
    Flag,
    FormatCode,
    Mode,
)
from dynamap.backends.quantise import Finish, QuantisedNetwork
from dynamap.planner.network.network import Layer, Network
from dynamap.planner.plan.plan import OverlayInfo, PlannedLayer

CODES = {"c16": FormatCode.C16, "hwc": FormatCode.HWC, "toeplitz": FormatCode.TOEPLITZ}
ALGORITHMS = {"im2col": AlgorithmCode.IM2COL, "kn2row": AlgorithmCode.KN2ROW, "winograd": AlgorithmCode.WINOGRAD}
DATAFLOWS = {"ns": DataflowCode.NS, "ws": DataflowCode.WS, "is": DataflowCode.IS}


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

    def common(self, index: int, layer: Layer, planned: PlannedLayer) -> dict[str, Any]:
        """The fields of a command that come from its layer alone; those that few operations use are 0."""
        source, target = self.places[layer.inputs[0]], self.places[layer.output]
        window = planned.shape
        return {
            "layer": index,
            "index": 0,
            "flags": Flag.STORE,
            "algorithm": AlgorithmCode.NONE,
            "dataflow": DataflowCode.NONE,
            "winograd_tile": 0,
            "mode": Mode.STREAM_INPUTS,
            "input_format": source.layout.format,
            "output_format": target.layout.format,
            "input_address": source.address,
            "output_address": target.address,
            "input_row_bytes": source.layout.row_bytes,
            "input_plane_bytes": source.layout.plane_bytes,
            "output_row_bytes": target.layout.row_bytes,
            "output_plane_bytes": target.layout.plane_bytes,
            "channels": source.layout.shape.channels,
            "height": source.layout.shape.height,
            "width": source.layout.shape.width,
            "out_channels": target.layout.shape.channels,
            "out_height": target.layout.shape.height,
            "out_width": target.layout.shape.width,
            "kernel_rows": window.kernel[0],
            "kernel_columns": window.kernel[1],
            "stride_rows": window.stride[0],
            "stride_columns": window.stride[1],
            "dilation_rows": window.dilation[0],
            "dilation_columns": window.dilation[1],
            "pad_top": window.pads[0],
            "pad_left": window.pads[1],
            "first_row": 0,
            "pass_rows": target.layout.shape.height,
            "block_rows": target.layout.shape.height,
            "block_input_rows": source.layout.shape.height,
            "last_input_rows": source.layout.shape.height,
            "first_channel": 0,
            "pass_channels": target.layout.shape.channels,
            "block_channels": target.layout.shape.channels,
            "blocks": 1,
            "weights_address": 0,
            "weight_bytes": 0,
            "last_weight_bytes": 0,
            "window_bytes": source.layout.window_bytes,
            "pad_value": self.zero_point(layer.inputs[0]),
            "data_offset": 0,
            "input_zero_point": 0,
            "second_zero_point": 0,
            "output_zero_point": 0,
            "clamp_low": 0,
            "clamp_high": 0,
            "multiplier": 0,
            "shift": 0,
            "leaky_positive": 0,
            "leaky_shift": 0,
            "slope_count": 0,
            "source_count": 1,
            "size": 0,
            "columns_factor": 0,
            "lookup_address": 0,
            "sources_address": 0,
            "slopes_address": 0,
            "values_address": 0,
            "values_bytes": 0,
        }

    def finish_fields(self, finish: Finish) -> dict[str, Any]:
        """Rounding, clamp, table and slopes at the end of a vector layer."""
        flags = Flag.STORE
        fields: dict[str, Any] = {
            "output_zero_point": finish.rounded.zero_point,
            "clamp_low": finish.low,
            "clamp_high": finish.high,
        }
        if finish.table is not None:
            flags |= Flag.LOOKUP
            fields["lookup_address"] = self.tables.add(finish.table.astype("i1").tobytes())
        if finish.leaky is not None:
            flags |= Flag.LEAKY
            slopes = finish.leaky.negatives.reshape(-1).astype("<i4")
            fields |= {
                "leaky_positive": finish.leaky.positive,
                "leaky_shift": finish.leaky.shift,
                "slope_count": slopes.size,
                "slopes_address": self.tables.add(slopes.tobytes()),
            }
        return fields | {"flags": flags}


def command(op: Any, fields: Mapping[str, Any]) -> Command:
    """A command of an operation from its fields."""
    return Command(op=op, **fields)
