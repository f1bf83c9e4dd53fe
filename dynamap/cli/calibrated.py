"""Where the scales of a quantised network come from, said on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamap.cli.output import message

if TYPE_CHECKING:
    from dynamap.backends.quantise.layers import QuantisedNetwork


def say_source(quantised: QuantisedNetwork) -> None:
    """A note of the source; a warning where it is noise."""
    message(f"note: {quantised.source}")
    if quantised.warning is not None:
        message(f"warning: {quantised.warning}")
