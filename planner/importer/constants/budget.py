"""What the computation of constants may still take; every operator pays before it is computed."""

from __future__ import annotations

from dynamap.planner.importer.drafts import Unsupported
from dynamap.planner.importer.limits import FREE_BYTES, MAX_STEPS, STEPS_PER_STORED_BYTE, STORED_TIMES

SIMPLIFY = "simplify the model (onnxsim), so that constants are stored as initialisers"


class Budget:
    """Bytes of results and steps (about a nanosecond each) that are left to one import."""

    def __init__(self, stored_bytes: int) -> None:
        """``stored_bytes``: what the constants of the model take in its file."""
        self._bytes = FREE_BYTES + STORED_TIMES * stored_bytes
        self._steps = MAX_STEPS + STEPS_PER_STORED_BYTE * stored_bytes

    def spend(self, result_bytes: int, steps: int) -> None:
        """Take the bytes and steps of one result.

        Raises:
            Unsupported: they are more than is left; nothing is taken then.
        """
        if result_bytes > self._bytes:
            raise Unsupported(
                f"its constant result would take {_many(result_bytes)} bytes, where {_many(self._bytes)} are left for "
                "constants that are computed at import",
                SIMPLIFY,
            )
        if steps > self._steps:
            raise Unsupported(
                f"its constant result would take about {_many(steps)} steps, where {_many(self._steps)} are left for "
                "constants that are computed at import",
                SIMPLIFY,
            )
        self._bytes -= result_bytes
        self._steps -= steps


def _many(count: int) -> str:
    """A number that a reader can grasp, however large."""
    return str(count) if count < 10**9 else f"{float(min(count, 10**300)):.1e}"
