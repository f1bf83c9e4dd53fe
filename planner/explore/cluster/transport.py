"""Networks as bytes for other processes: what planning reads, without the weights."""

from __future__ import annotations

import io
import pickle
import zlib
from types import MappingProxyType
from typing import Any

import numpy as np

from dynamap.planner.models.placeholders import without_weights
from dynamap.planner.network.network import Network


def pack(network: Network) -> bytes:
    """The network with placeholders for all arrays, compressed; ``unpack`` reads it in a process that has dynamap."""
    stream = io.BytesIO()
    _Pickler(stream, protocol=5).dump(without_weights(network))
    return zlib.compress(stream.getvalue(), 6)


def unpack(packed: bytes) -> Network:
    """The network that was packed; arrays have their shapes and types, and are zero."""
    network = pickle.loads(zlib.decompress(packed))
    assert isinstance(network, Network)
    return network


def _zeros(shape: tuple[int, ...], kind: str) -> Any:
    """Read-only zeros, all at one address."""
    return np.broadcast_to(np.zeros((), kind), shape)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return _zeros, (value.shape, value.dtype.str)
        if isinstance(value, MappingProxyType):
            return dict, (dict(value),)
        return NotImplemented
