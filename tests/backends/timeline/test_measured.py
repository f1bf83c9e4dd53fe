"""The trace of what an executor measured, against times that are worked out here."""

from __future__ import annotations

import json

from dynamap.backends.contract import TimedStep
from dynamap.backends.timeline.measured import TimedLayer, measured_trace

LAYERS = (
    TimedLayer("first", (TimedStep("TABLE", "table", 272, 0, 0, 0), TimedStep("CORE", "pass 0", 1000, 30, 640, 128))),
    TimedLayer("in place", ()),
    TimedLayer("second", (TimedStep("VECTOR", "pass 0", 500, 0, 128, 64), TimedStep("CORE", "pass 1", 70, 70, 64, 0))),
)
"""272 + 1000, nothing, 500 + 70 cycles: at 300 MHz a cycle is 3 1/3 ns."""


def test_steps_follow_each_other_on_the_clock() -> None:
    document = json.loads(measured_trace(LAYERS, "a title", 300_000))
    events = document["traceEvents"]
    names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    assert names == {0: "LAYER", 1: "TABLE", 2: "CORE", 3: "VECTOR", 4: "WAIT"}
    found = [
        (names[e["tid"]], e["name"], e["args"]["start_cycle"], e["args"]["end_cycle"], e["ts"], e["dur"])
        for e in events
        if e["ph"] == "X"
    ]
    assert found == [
        ("LAYER", "first", 0, 1272, 0, 4.24),
        ("TABLE", "first table", 0, 272, 0, 0.906),
        ("CORE", "first pass 0", 272, 1272, 0.906, 3.334),
        ("WAIT", "first pass 0", 1242, 1272, 4.14, 0.1),
        ("LAYER", "second", 1272, 1842, 4.24, 1.9),
        ("VECTOR", "second pass 0", 1272, 1772, 4.24, 1.666),
        ("CORE", "second pass 1", 1772, 1842, 5.906, 0.234),
        ("WAIT", "second pass 1", 1772, 1842, 5.906, 0.234),
    ]


def test_a_layer_has_the_sums_of_its_steps() -> None:
    events = json.loads(measured_trace(LAYERS, "a title", 300_000))["traceEvents"]
    first, second = (event["args"] for event in events if event.get("cat") == "layer")
    counted = ("steps", "cycles", "waited_cycles", "bytes_read", "bytes_written")
    assert [first[key] for key in counted] == [2, 1272, 30, 640, 128]
    assert [second[key] for key in counted] == [2, 570, 70, 192, 64]
