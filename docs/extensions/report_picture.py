"""Takes docs/images/report.png, the beginning of a real report, with headless Chromium.

`python docs/extensions/report_picture.py` plans GoogleNet for an Alveo U200, writes its report and photographs it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PICTURE = Path(__file__).resolve().parents[1] / "images" / "report.png"
WIDTH, HEIGHT = 1280, 1400
MOST_BYTES = 300_000


def main() -> int:
    """Writes the picture; 1 where there is no browser or the picture is too large for a page."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("there is no chromium: `make browser` installs it", file=sys.stderr)
        return 1
    dynamap = str(Path(sys.executable).parent / "dynamap")
    with tempfile.TemporaryDirectory() as folder:
        page, picture = Path(folder, "report.html"), Path(folder, "report.png")
        subprocess.run([dynamap, "plan", "googlenet", "-o", "plan.json"], cwd=folder, check=True, capture_output=True)
        subprocess.run([dynamap, "report", "plan.json", "--verify", "-o", page], cwd=folder, check=True)
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--window-size={WIDTH},{HEIGHT}",
        ]
        subprocess.run([browser, *options, f"--screenshot={picture}", page.as_uri()], check=True, capture_output=True)
        size = picture.stat().st_size
        if size > MOST_BYTES:
            print(f"the picture has {size:,} bytes, more than {MOST_BYTES:,}", file=sys.stderr)
            return 1
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_bytes(picture.read_bytes())
    print(f"wrote {PICTURE}: {size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
