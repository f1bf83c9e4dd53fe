"""How a float model gets its scales, as a user asks for it: one value, from the command line to the quantiser."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from dynamap.planner.request.kinds import Kind, plain
from dynamap.planner.request.options import asked, declared_options


class Method(Enum):
    """How the range of a tensor follows from its values."""

    SQUARES = "squares"
    MIN_MAX = "minmax"
    PERCENTILE = "percentile"
    ENTROPY = "entropy"


_FILE = Kind(Path, plain)
_METHOD = Kind(tuple(method.value for method in Method), plain)
_SHARE = Kind(float, plain)
_COUNT = Kind(int, plain)


@dataclass(frozen=True)
class RangeCalibration:
    """``data`` is a folder of pictures, an .npy or .npz file, None for ``samples`` random inputs of ``seed``.

    ``percentile`` is in percent. The quantiser checks the values.
    """

    data: Path | None = asked(
        None,
        "--calibration",
        _FILE,
        "Inputs like the network's own, from which the int8 scales are taken: a folder of pictures, .npy or .npz; "
        "noise if left out, and then the answers mean nothing.",
        "FOLDER|FILE",
    )
    method: str = asked(
        Method.SQUARES.value,
        "--method",
        _METHOD,
        "How a scale follows from the values seen: least squared error, extremes, a percentile, or least entropy.  "
        "[default: squares]",
    )
    percentile: float = asked(
        99.99, "--percentile", _SHARE, "Percent of the values that --method percentile keeps.  [default: 99.99]", "P"
    )
    seed: int = asked(0, "--seed", _COUNT, "Seed of random inputs, where none are given.  [default: 0]", "N")
    samples: int = asked(1, "--samples", _COUNT, "How many random inputs to calibrate on.  [default: 1]", "N")

    def __post_init__(self) -> None:
        if isinstance(self.data, str):  # a library's user gives either
            object.__setattr__(self, "data", Path(self.data))

    @staticmethod
    def of(given: RangeCalibration | str | Path | None) -> RangeCalibration:
        """What a user gives: all of it, the data alone, or nothing.

        >>> RangeCalibration.of("images").data.name
        'images'
        """
        return (
            given if isinstance(given, RangeCalibration) else RangeCalibration(None if given is None else Path(given))
        )


CALIBRATION = declared_options(RangeCalibration)
"""The options of a calibration, in the order of the help."""
