"""Texts of a stranger in the files of a project: refused with their key where they could do harm, else only text."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from dynamap.backends.contract import Backend
from dynamap.backends.hardware.sizes import sizes_of
from dynamap.backends.intel_opencl import backend as intel
from dynamap.backends.intel_opencl import flow as intel_flow
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.project import write_project
from dynamap.backends.quantise import quantise
from dynamap.backends.vitis_hls import backend as vitis
from dynamap.backends.vitis_hls import flow as vitis_flow
from dynamap.cost.device import Device, load_device, parse_device
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan, load_plan
from dynamap.planner.results.visible import visible
from support.programs import integer_image, one_conv, plan_on

COMMAND = "$(shell touch INJECTED)"
INJECTIONS = (
    COMMAND,
    "x;exec touch INJECTED\nputs [exec id]",
    "HP0\n[advanced]\nparam=x",
    "`touch INJECTED`",
    'x" ; touch INJECTED ; "',
    "x # y",
    "x\\",
    "--config=evil.cfg",
)
FIELDS = ("part", "board", "family", "name", "memory_banks")
KIND = Window((3, 3), pads=(1, 1, 1, 1))


@pytest.fixture(scope="module")
def network() -> Network:
    built: Network = one_conv(TensorShape(16, 6, 5), 16, KIND)
    return built


def with_text(device: Device, field: str, text: str) -> Device:
    """A device that no reader has seen."""
    if field == "memory_banks":
        return replace(device, system=replace(device.system, memory_banks=(text,) * device.system.memory_ports))
    return replace(device, **{field: text})


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", INJECTIONS)
def test_a_plan_with_a_changed_device_is_refused(network: Network, tmp_path: Path, field: str, text: str) -> None:
    plan = plan_on(network, (4, 4), device="zcu104")
    document = plan.document()
    table = "system" if field == "memory_banks" else "device"
    document["device"][table][field] = [text] if field == "memory_banks" else text
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=rf"plan.json: the plan's key 'device': \[{table}\] {field}: .*because of"):
        load_plan(path)
    changed = replace(plan, device=document["device"])  # a plan that was never a file
    with pytest.raises(InputError, match=rf"the plan's device: \[{table}\] {field}: "):
        vitis.generate(changed, compile_program(plan, quantise(network, samples=1)), integer_image(network, 1))


@pytest.mark.parametrize("text", [*INJECTIONS, "<script>", "a|b", "**x**", "é"])
def test_no_text_of_a_device_reaches_a_file_as_more_than_text(network: Network, text: str) -> None:
    """Past the readers, whatever a generator writes is refused or harmless: two locks, each tried alone."""
    plan = plan_on(network, (4, 4), device="zcu104")
    program = compile_program(plan, quantise(network, samples=1))
    board = load_device("zcu104")
    sizes = sizes_of(program.header, board.system.memory_ports, board.system.port_bytes)
    intel_board = load_device("arria10-gx1150")
    for field in FIELDS:
        changed, other = with_text(board, field, text), with_text(intel_board, field, text)
        makers: dict[str, Callable[[], str]] = {
            "hls_config.cfg": lambda d=changed: vitis_flow.hls_config(plan, d),
            "run_hls.tcl": lambda d=changed: vitis_flow.hls_script(plan, d),
            "link.cfg": lambda d=changed: vitis_flow.link_config(plan, d),
            "config.mk": lambda d=changed: vitis_flow.make_settings(d, sizes),
            "README.md": lambda d=changed: vitis_flow.readme(plan, d, "0"),
            "intel/config.mk": lambda d=other: intel_flow.make_settings(plan, d, sizes),
            "intel/README.md": lambda d=other: intel_flow.readme(plan, d, "0"),
        }
        for name, make in makers.items():
            try:
                content = make()
            except InputError as error:
                assert re.search(rf"\[(device|system)\] {field}: |{field} in the table \[system\]", str(error)), error
                continue
            if name.endswith(".tcl"):
                assert content.count("\n") == vitis_flow.hls_script(plan, board).count("\n")  # test_writers has words
            elif name.endswith(".md"):
                assert not _markup(content) & {"html_inline", "html_block", "image"}
            else:
                assert text not in content


def _markup(page: str) -> set[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    inside = [part for token in tokens for part in token.children or ()]
    return {token.type.removesuffix("_open") for token in [*tokens, *inside]}


HOSTILE_NAMES = (COMMAND, "</td><script>alert(1)</script>", "a | b", "two\nlines", "\x1b[2J", "*x* `y` [z](http://z)")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize(("backend", "device"), [(vitis, "zcu104"), (intel, "arria10-gx1150")])
def test_names_of_models_and_layers_are_text_in_a_project(
    network: Network, tmp_path: Path, backend: Backend, device: str, name: str
) -> None:
    renamed = replace(network, name=name, layers=tuple(replace(layer, name=name) for layer in network.layers))
    plan = plan_on(renamed, (4, 4), device=device)
    files = backend.generate(plan, compile_program(plan, quantise(renamed, samples=1)), integer_image(renamed, 1))
    write_project(files, tmp_path / "p")
    before = sorted(path for path in tmp_path.rglob("*"))
    for target in (("help",), ("-n", "help"), ("-n", "host"), ("-n", "clean")):
        subprocess.run(["make", *target], cwd=tmp_path / "p", capture_output=True, check=False)
    assert sorted(tmp_path.rglob("*")) == before
    page = files["layers.md"].decode()
    assert _cells(page)[11] == visible(name) and not _markup(page) & {"html_inline", "image", "link", "em"}
    title = MarkdownIt("commonmark").parse(files["README.md"].decode())[1]
    text = "".join(part.content for part in title.children or ())
    assert text.startswith(f"{visible(name)} on {device}: ")
    assert json.loads(files["predicted.json"])["model"] == name
    assert name.encode() not in files["src/params.h"]


@pytest.mark.full
@pytest.mark.parametrize(
    ("backend", "device", "target"), [(vitis, "zcu104", "csim"), (intel, "arria10-gx1150", "emulate")]
)
def test_a_project_with_hostile_names_in_a_hostile_folder_is_built_and_run(
    network: Network, tmp_path: Path, backend: Backend, device: str, target: str
) -> None:
    """Compiled by g++ and by Intel's compiler, with every name and the folder what a shell, make or C could act on."""
    name = COMMAND + "`touch INJECTED` ' \" */ int x; /* %s%n \\ two\nlines é漢\U0001f600 " + "x" * 3000
    of_tensors = {tensor: f"{name}{number}" for number, tensor in enumerate(network.tensors)}
    renamed = replace(
        network,
        name=name,
        layers=tuple(
            replace(
                layer,
                name=f"{name} {number}",
                inputs=tuple(of_tensors[tensor] for tensor in layer.inputs),
                output=of_tensors[layer.output],
            )
            for number, layer in enumerate(network.layers)
        ),
        tensors={of_tensors[tensor]: shape for tensor, shape in network.tensors.items()},
        inputs=tuple(of_tensors[tensor] for tensor in network.inputs),
        outputs=tuple(of_tensors[tensor] for tensor in network.outputs),
    )
    plan = plan_on(renamed, (4, 4), device=device)
    folder = tmp_path / "sp ace 'quote' $(touch INJECTED) `touch INJECTED` é"
    files = backend.generate(plan, compile_program(plan, quantise(renamed, samples=1)), integer_image(renamed, 1))
    folder.mkdir()
    write_project(files, folder / "a project")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    outside = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(
        ["make", target], cwd=folder / "a project", env=outside | {"PATH": path}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    assert b"PASS" in done.stdout
    assert not list(tmp_path.rglob("INJECTED"))


def _cells(page: str) -> list[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    return ["".join(part.content for part in token.children or ()) for token in tokens if token.type == "inline"]


def test_every_shipped_device_can_be_written() -> None:
    """The two locks are not shut to what is real; a board may be the path of a platform file."""
    for name in ("u200", "u55c", "kv260", "zcu104"):
        board = replace(load_device(name), board="/opt/xilinx/platforms/a_b-1.0/a.xpfm")
        assert parse_device(board.document(), "x") == board


def tampered(plan: Plan, change: Callable[[dict[str, Any]], None], path: Path) -> Path:
    document = json.loads(plan.content())
    change(document)
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["solver"].update(status="<b>"), "solver.status: '<b>' cannot be a name"),
        (lambda d: d["solver"].update(unit="x\ny"), "solver.unit: .* cannot be a name"),
        (lambda d: d["resources"][0].update(name="a | b"), r"resources\[0\].name: .* cannot be a name"),
        (lambda d: d["model"].update(sha256="$(x)"), "model.sha256: .* cannot be a name"),
        (lambda d: d["model"].update(name="\ud800"), "model.name has half of a character"),
        (lambda d: d["model"].update(name="x" * 10**6), "model.name has a text of 1,000,000 characters"),
        (lambda d: d["model"].update(macs=1 << 64), r"model.macs is 18446744073709551616; an integer of at most 63"),
        (lambda d: d["layers"][0].update(cycles=10**4000), r"layers\[0\].cycles is an integer of 13,288 bits"),
        (lambda d: d["overlay"].update(clock_mhz=float("nan")), "overlay.clock_mhz must be a finite number"),
        (lambda d: d["request"].update(time_limit=float("inf")), "request.time_limit must be a finite number"),
        (
            lambda d: d["device"]["resources"].update(lut=-1),
            r"key 'device': \[resources\] lut: expected an integer",
        ),
    ],
)
def test_a_plan_is_checked_when_it_is_read(
    network: Network, tmp_path: Path, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    plan = plan_on(network, (4, 4), device="zcu104")
    with pytest.raises(InputError, match=message):
        load_plan(tampered(plan, change, tmp_path / "plan.json"))
