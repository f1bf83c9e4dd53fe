"""Random networks against their own ONNX files in onnxruntime: how many agree, and what is wrong with the others.

    PYTHONPATH=tests/shared python -m support.campaign --count 1000 --seed 0

Exit status 1 unless every network agrees. ``--save FOLDER`` keeps the files of the others.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import onnx

from support.campaign.generate import random_network
from support.campaign.outcomes import Outcome, Verdict, outcomes, table


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="support.campaign", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of the first network; the others follow")
    parser.add_argument("--save", type=Path, help="a folder for the networks that do not agree")
    arguments = parser.parse_args()
    found: list[Outcome] = []
    started = time.perf_counter()
    for outcome in outcomes(range(arguments.seed, arguments.seed + arguments.count)):
        found.append(outcome)
        if outcome.verdict is Verdict.AGREES:
            continue
        print(f"seed {outcome.seed}, {outcome.kind.value}: {outcome.verdict.value}: {outcome.words}", flush=True)
        if arguments.save:
            arguments.save.mkdir(parents=True, exist_ok=True)
            onnx.save(random_network(outcome.seed).model, arguments.save / f"{outcome.seed}.onnx")
    print(table(found))
    print(f"{len(found)} networks in {time.perf_counter() - started:.0f} s")
    return int(any(outcome.verdict is not Verdict.AGREES for outcome in found))


if __name__ == "__main__":
    sys.exit(main())
