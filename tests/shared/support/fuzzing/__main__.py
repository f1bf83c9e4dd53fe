"""``python -m support.fuzzing --seed 0 --models 2000 --devices 500 --plans 500 --problems 500 --keep DIR``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")


def main() -> int:
    """Run the campaign; 0 without a finding."""
    from support.fuzzing.campaign import KINDS, Tally, campaign

    parser = argparse.ArgumentParser(prog="support.fuzzing", description="Mutated input files for every command.")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other cases [0]")
    for kind, count in (("models", 2000), ("devices", 500), ("plans", 500), ("problems", 500)):
        parser.add_argument(f"--{kind}", type=int, default=count, help=f"how many [{count}]")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case of each kind [0]")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes [one per core]")
    parser.add_argument("--keep", type=Path, help="write the files of every finding into this folder")
    given = vars(parser.parse_args())
    found = 0
    for kind in KINDS:
        if not given[kind]:
            continue
        start = time.monotonic()
        tally: Tally = campaign(kind, given[kind], given["seed"], given["jobs"], given["first"])
        ends = ", ".join(f"{count} ended with {status}" for status, count in sorted(tally.statuses.items()))
        spent = time.monotonic() - start
        print(f"{kind}: {tally.cases} cases, {tally.statuses.total()} calls ({ends}), "
              f"{len(tally.findings)} findings, {spent:.0f} s", flush=True)  # fmt: skip
        for finding in tally.findings:
            print(f"  {finding.case.name}: dynamap {' '.join(finding.call)}: {finding.complaint}", flush=True)
            print("    " + finding.err.strip()[-700:].replace("\n", "\n    "), flush=True)
            if given["keep"]:
                folder = given["keep"] / finding.case.name.replace(" ", "-")
                folder.mkdir(parents=True, exist_ok=True)
                for name, data in finding.case.files.items():
                    (folder / name).write_bytes(data)
        found += len(tally.findings)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
