"""Photographs of what people see, made by headless Chromium: `make docs` writes them to build/pictures.

``python docs/extensions/photographs.py SITE FOLDER`` writes the report of the digits example on a phone, on a laptop in
light and dark, and as it is printed, and the first page of the built site.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PHONE, LAPTOP = (390, 7200), (1440, 4400)
"""CSS pixels: the width of the screen, and how much of the page is shown."""

_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking")
_DARK = "--blink-settings=preferredColorScheme=0"
_LEAST_WIDTH = 500
"""A window of Chromium is never narrower: narrower pages are shown in a frame of their width."""


class NoBrowser(RuntimeError):
    """There is no Chromium."""


def photograph(page: Path, picture: Path, size: tuple[int, int], *, dark: bool = False) -> None:
    """A picture of so many pixels of a page's beginning."""
    with tempfile.TemporaryDirectory() as folder:
        shown = page
        if size[0] < _LEAST_WIDTH:
            shown = Path(folder, "frame.html")
            frame = f'<iframe src="{page.as_uri()}" style="border:0;width:{size[0]}px;height:{size[1]}px"></iframe>'
            shown.write_text(
                f'<!doctype html><meta name="color-scheme" content="light dark"><body style="margin:0">{frame}',
                encoding="utf-8",
            )
        window = (max(size[0], _LEAST_WIDTH), size[1])
        flags = [f"--window-size={window[0]},{window[1]}", *([_DARK] if dark else [])]
        _chromium(*flags, f"--screenshot={picture}", shown.as_uri())
    if window != size:
        with Image.open(picture) as whole:
            part = whole.crop((0, 0, *size))
        part.save(picture)


def printed(page: Path, document: Path) -> None:
    """The page as a printer gets it, as a PDF."""
    _chromium("--no-pdf-header-footer", f"--print-to-pdf={document}", page.as_uri())


def _chromium(*words: str) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        raise NoBrowser("there is no chromium: `make browser` installs it")
    subprocess.run([browser, *_FLAGS, *words], check=True, capture_output=True, timeout=120)


def write_pictures(site: Path, folder: Path) -> list[Path]:
    """All of them; the report is made here, from the trained network of the examples."""
    dynamap = str(Path(sys.executable).parent / "dynamap")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        shutil.copy(ROOT / "examples/digits/digits.onnx", work)
        for words in ("plan digits.onnx --device pynq-z2 -o digits.json", "report digits.json --verify -o report.html"):
            subprocess.run([dynamap, *words.split()], cwd=work, check=True, capture_output=True)
        report = Path(work, "report.html")
        photograph(report, folder / "report-phone.png", PHONE)
        photograph(report, folder / "report-laptop.png", LAPTOP)
        photograph(report, folder / "report-laptop-dark.png", LAPTOP, dark=True)
        printed(report, folder / "report-paper.pdf")
    photograph(site / "index.html", folder / "docs-index.png", (LAPTOP[0], 1200))
    return sorted(folder.iterdir())


if __name__ == "__main__":
    try:
        for written in write_pictures(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()):
            print(f"wrote {written}: {written.stat().st_size:,} bytes")
    except NoBrowser as error:
        sys.exit(str(error))
