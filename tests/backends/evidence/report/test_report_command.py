"""`dynamap report` as its user meets it: what it writes, what it refuses, what it says when something is missing."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from dynamap.planner.plan.plan import Plan
from support.report_page import data_of, dynamap, read_page, refused
from support.report_samples import SAMPLES


@pytest.fixture()
def folder(hostile_file: Path, tmp_path: Path) -> Path:
    """A folder with a plan and, beside it, its model."""
    for path in hostile_file.parent.iterdir():
        shutil.copy(path, tmp_path / path.name)
    return tmp_path


def test_a_page_is_written_and_is_the_same_every_time(folder: Path) -> None:
    for name in ("one.html", "two.html"):
        done = dynamap("report", "plan.json", "-o", name, cwd=folder)
        assert done.returncode == 0 and done.stdout == "", done.stderr
        assert done.stderr.startswith(f"wrote {name} (")
    first, second = (folder / "one.html").read_bytes(), (folder / "two.html").read_bytes()
    assert first == second and first.startswith(b"<!doctype html>\n")
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    read_page(first.decode())


def test_the_command_need_not_be_named(folder: Path) -> None:
    for arguments in (("report", "html", "plan.json", "-o", "a.html"), ("report", "-o", "b.html", "plan.json")):
        assert dynamap(*arguments, cwd=folder).returncode == 0
    assert (folder / "a.html").read_bytes() == (folder / "b.html").read_bytes()
    assert "PLAN..." in dynamap("report", "--help").stdout
    assert "--baselines" in dynamap("report", "html", "--help").stdout


def test_a_run_is_held_against_the_plan(folder: Path) -> None:
    ran = dynamap("run", "plan.json", "--compare", "numpy", "--json", cwd=folder)
    (folder / "run.json").write_text(ran.stdout)
    assert dynamap("report", "plan.json", "--run", "run.json", "-o", "p.html", cwd=folder).returncode == 0
    text = read_page((folder / "p.html").read_text()).by_id("checks").text
    elements = json.loads(ran.stdout)["elements"]
    assert f"6 layers, {elements:,} values; every value equals the reference" in text
    assert "counted and equal to the plan: bytes read, bytes written" in text
    # A run whose counters are not the plan's is shown as such, whatever it says of itself.
    document = json.loads(ran.stdout)
    document["layers"][0]["bytes_read"] += 1
    (folder / "run.json").write_text(json.dumps(document))
    assert dynamap("report", "plan.json", "--run", "run.json", "-o", "p.html", cwd=folder).returncode == 0
    assert "1 counter is not the plan's" in read_page((folder / "p.html").read_text()).by_id("checks").text


MEASURED = {
    "schema": "dynamap.measured/1",
    "tool": "A <tool> 1.2",
    "stage": "synthesis",
    "device": "xczu7ev",
    "resources": [
        {"name": "lut", "estimated": 100_000, "measured": 120_000, "available": 230_400},
        {"name": "bram36", "estimated": None, "measured": 150, "available": None},
        {"name": "multipliers", "unit": "DSP", "estimated": 0, "measured": 250, "available": 1728, "inside": False},
    ],
    "clock_mhz": {"requested": 300.0, "achieved": 287.5},
    "scope": "kernel",
    "notes": ["a <note>"],
}


def test_a_measurement_stands_beside_the_estimate(folder: Path) -> None:
    used = {use["name"]: use["used"] for use in json.loads((folder / "plan.json").read_text())["resources"]}
    document = json.loads(json.dumps(MEASURED))
    document["resources"][2]["estimated"] = used["multipliers"]
    (folder / "measured.json").write_text(json.dumps(document))
    assert dynamap("report", "plan.json", "--measured", "measured.json", "-o", "p.html", cwd=folder).returncode == 0
    page = read_page((folder / "p.html").read_text())
    body = page.by_id("resources").all("tbody")[0]
    rows = {row.all("th")[0].text: [cell.text for cell in row.all("td")] for row in body.all("tr")}
    assert rows["LUT"] == ["100,000", "120,000", "+20.0%", "230,400", ""]
    assert rows["BRAM (36 Kb)"] == ["", "150", "", "", ""]
    more = f"+{100 * 250 / used['multipliers'] - 100:.1f}%"
    expected = [f"{used['multipliers']:,}", "250", more, "1,728", "outside the interval"]
    assert rows["multipliers in DSP"] == expected
    text = page.by_id("resources").text
    assert "A <tool> 1.2, synthesis, of the kernel, for xczu7ev; clock asked 300.0 MHz, reached 287.5 MHz" in text
    assert "a <note>" in text
    # Only what was estimated as in this plan is marked on its bar.
    marks = [bar for bar in page.by_id("resources").all("li") if bar.all("i", "mark")]
    assert [bar.all("span", "who")[0].text for bar in marks] == ["multipliers"]
    assert "3 resources, beside the estimates" in page.by_id("checks").text


def test_what_report_import_writes_is_read(folder: Path) -> None:
    """The two commands agree on the document: a project's report is imported and shown."""
    from dynamap.backends.evidence.vendor_reports.comparison import SCHEMA

    assert MEASURED["schema"] == SCHEMA
    assert dynamap("generate", "plan.json", "-o", "project", cwd=folder).returncode == 0
    reports = folder / "project" / "build" / "hls"
    reports.mkdir(parents=True)
    shutil.copy(SAMPLES / "csynth_2023.2.xml", reports / "csynth.xml")
    done = dynamap("report", "import", "project", "-o", "measured.json", cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    assert dynamap("report", "plan.json", "--measured", "measured.json", "-o", "p.html", cwd=folder).returncode == 0
    page = read_page((folder / "p.html").read_text())
    measured = json.loads((folder / "measured.json").read_text())
    assert len(page.by_id("resources").all("tbody")[0].all("tr")) == len(measured["resources"])
    assert measured["tool"] in page.by_id("checks").text
    document = {**measured, "model": "another"}
    (folder / "measured.json").write_text(json.dumps(document))
    message = refused(
        2, "report", folder / "plan.json", "--measured", folder / "measured.json", "-o", folder / "q.html"
    )
    assert "is the measurement of another plan: its model is 'another'" in message


def test_a_missing_model_leaves_out_what_needs_it_and_says_so(folder: Path) -> None:
    for model in folder.glob("*.onnx"):
        model.unlink()
    text = (folder / "plan.json").read_text()
    document = json.loads(text)
    document["model"]["source"] = "gone.onnx"
    (folder / "plan.json").write_text(json.dumps(document))
    done = dynamap("report", "plan.json", "-o", "p.html", cwd=folder)
    assert done.returncode == 0
    assert "note: plan.json: The model could not be used: the plan's model 'gone.onnx' is not there" in done.stderr
    page = read_page((folder / "p.html").read_text())
    for section in ("graph", "timeline", "strategies", "checks"):
        assert "'gone.onnx' is not there" in page.by_id(section).text
    assert len(page.by_id("layers").all("tr")) == 1 + len(document["layers"])
    assert page.by_id("roofline").all("svg", "plot") and page.by_id("resources").all("li")


def test_another_model_of_that_name_is_not_taken(folder: Path) -> None:
    (model,) = folder.glob("*.onnx")
    other = model.read_bytes().replace(b"hostile", b"changed")
    document = json.loads((folder / "plan.json").read_text())
    document["model"]["source"] = model.name
    (folder / "plan.json").write_text(json.dumps(document))
    model.write_bytes(other)
    done = dynamap("report", "plan.json", "-o", "p.html", cwd=folder)
    assert done.returncode == 0 and "the plan was made for another model" in done.stderr


def test_a_plan_of_the_published_model_has_no_simulator(paper_plan: Plan, tmp_path: Path) -> None:
    paper_plan.save(tmp_path / "paper.json")
    assert dynamap("report", "paper.json", "-o", "p.html", cwd=tmp_path).returncode == 0
    page = read_page((tmp_path / "p.html").read_text())
    assert "describes no machine that could be simulated" in page.by_id("timeline").text
    assert "counts no bytes" in page.by_id("roofline").text
    assert f"{paper_plan.solver.objective:,} ps" in page.by_id("summary").text
    assert "the published cost model" in page.by_id("summary").text
    assert page.by_id("graph").all("g", "node")


def test_several_plans_are_compared(folder: Path, paper_plan: Plan) -> None:
    paper_plan.save(folder / "paper.json")
    assert dynamap("report", "plan.json", "plan.json", "paper.json", "-o", "p.html", cwd=folder).returncode == 0
    page = read_page((folder / "p.html").read_text())
    assert [article.attributes["data-plan"] for article in page.all("article")] == ["0", "1", "2"]
    assert page.by_id("comparison") and page.by_id("p2-checks")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not a plan: it is not JSON"),
        ("[1, 2]", "is not a plan: it has no key 'schema'"),
        ('{"schema": "dynamap.plan/0"}', "has schema 'dynamap.plan/0'; this version reads 'dynamap.plan/1'"),
        ('{"schema": "dynamap.plan/1"}', "is not a valid plan"),
        ("[" * 100_000, "is not a plan"),
    ],
)
def test_what_is_no_plan_is_refused_and_nothing_is_written(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "plan.json").write_text(content)
    assert message in refused(2, "report", tmp_path / "plan.json", "-o", tmp_path / "p.html")
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (("latency_ms",), -1, "latency_ms is -1"),
        (("overlay", "clock_mhz"), 0, "overlay.clock_mhz is 0"),
        (("layers", 0, "cycles"), 10**40, "layers[0].cycles is 1000"),
        (("cost_model",), "guess", "cost model is 'guess'"),
        (("request", "pins"), 3, "key 'request' cannot be read"),
        (("device", "system", "clock_mhz"), "fast", "the plan's key 'device'"),
    ],
)
def test_numbers_that_cannot_be_are_refused(
    folder: Path, key: tuple[str | int, ...], value: object, message: str
) -> None:
    document = json.loads((folder / "plan.json").read_text())
    part = document
    for step in key[:-1]:
        part = part[step]
    part[key[-1]] = value
    (folder / "plan.json").write_text(json.dumps(document))
    assert message in refused(2, "report", folder / "plan.json", "-o", folder / "p.html")
    assert not (folder / "p.html").exists()


def test_files_beside_the_plan_are_checked(folder: Path) -> None:
    def message(option: str, content: object) -> str:
        (folder / "x.json").write_text(content if isinstance(content, str) else json.dumps(content))
        found = refused(2, "report", folder / "plan.json", option, folder / "x.json", "-o", folder / "p.html")
        assert not (folder / "p.html").exists()
        return found

    assert "is not the result of `dynamap run PLAN --json`: it is not JSON" in message("--run", "{")
    assert "layers must be a list of objects, found nothing" in message("--run", {})
    other = {"layers": [{"name": "other", "elements": 1}], "platform": "p"}
    assert "is the run of another plan: the plan has no layer 'other'" in message("--run", other)
    assert "is the run of another plan: it lacks layer '<script>" in message("--run", {"layers": [], "platform": "p"})
    layer = {"name": "sum", "elements": -1}
    assert "layers[0].elements must be an integer of 0 or more, found -1" in message("--run", {"layers": [layer]})
    assert "has schema 'dynamap.measured/9'" in message("--measured", {**MEASURED, "schema": "dynamap.measured/9"})
    assert "resources must be a list of objects" in message("--measured", {**MEASURED, "resources": 3})
    assert "tool must be a text, found 4" in message("--measured", {**MEASURED, "tool": 4})
    clock = {**MEASURED, "clock_mhz": {"requested": 300, "achieved": "x"}}
    assert "clock_mhz.achieved must be a number of 0 or more, found 'x'" in message("--measured", clock)
    twice = ("--run", folder / "x.json", "--run", folder / "x.json")
    found = refused(2, "report", folder / "plan.json", *twice, "-o", folder / "p.html")
    assert "--run must be given once for each plan, in their order, or not at all: 2 for 1 plan" in found


def test_where_nothing_can_be_written(folder: Path) -> None:
    plan = folder / "plan.json"
    assert "there is no folder" in refused(2, "report", plan, "-o", folder / "no" / "p.html")
    assert "it is a folder" in refused(2, "report", plan, "-o", folder)
    assert "which is read: write to another file" in refused(2, "report", plan, "-o", plan)
    assert "cannot read plan" in refused(2, "report", folder / "none.json", "-o", folder / "p.html")
    assert json.loads(plan.read_text())["schema"] == "dynamap.plan/1"
    if os.geteuid():
        folder.chmod(0o500)
        assert "cannot write" in refused(2, "report", plan, "-o", folder / "p.html")
    found = refused(2, "report", plan, "--baselines", "full", "--time-limit", "-1", "-o", folder / "p.html")
    assert "--time-limit must be positive, found -1.0" in found
    found = refused(2, "report", plan, plan)
    assert "Name it by -o FILE.html" in found
    done = dynamap("report")
    assert done.returncode == 2 and "PLAN" in done.stderr


def test_a_plan_that_the_simulator_contradicts_is_shown_with_what_it_finds(folder: Path) -> None:
    document = json.loads((folder / "plan.json").read_text())
    layer = document["layers"][1]
    layer["cycles"] += 7
    (folder / "plan.json").write_text(json.dumps(document))
    done = dynamap("report", "plan.json", "-o", "p.html", cwd=folder)
    assert done.returncode == 0
    difference = f"cycles is {layer['cycles']} in the plan, simulated {layer['cycles'] - 7}"
    assert f"note: plan.json is not what the simulator finds: layer {layer['name']!r}: {difference}" in done.stderr
    page = read_page((folder / "p.html").read_text())
    assert "1 counter is not the plan's, the first: " in page.by_id("checks").text
    assert difference in page.by_id("checks").text
    assert "This is not what the plan says: 1 counter differs" in page.by_id("timeline").text
    (data,) = data_of(page)
    assert data["slots"][1] == layer["cycles"] - 7 and data["layers"][1]["cost"] == layer["cycles"]
