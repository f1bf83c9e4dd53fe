"""Writes FOLDER/train.npz (256 training images, to calibrate on) and FOLDER/test.npz (360 images with their labels).

python examples/digits/sets.py FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path

import data
import numpy as np

CALIBRATION_IMAGES = 256


def write(folder: Path) -> None:
    """The two files."""
    digits = data.load()
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "train.npz", image=digits.train_images[:CALIBRATION_IMAGES])
    np.savez_compressed(folder / "test.npz", image=digits.test_images, labels=digits.test_labels)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder)
