"""Coloured shapes on noise, drawn from a seed: pictures, the class of each pixel, and a box around each shape.

    python examples/shapes/pictures.py FOLDER

writes what the commands of the README read: FOLDER/calibration (32 pictures), FOLDER/test (64 pictures) and
FOLDER/test.npz (the same with the class of each pixel).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

SIDE = 32
CLASSES = ("background", "disc", "square", "triangle")
TRAIN_SEED, CALIBRATION_SEED, TEST_SEED = 1, 2, 3
CALIBRATION, TEST = 32, 64


@dataclass(frozen=True, eq=False)
class Shapes:
    """Pictures N x 32 x 32 x 3 of bytes; classes of pixels N x 32 x 32; (class, row, column, radius) of all shapes."""

    pixels: npt.NDArray[np.uint8]
    masks: npt.NDArray[np.int64]
    objects: tuple[tuple[tuple[int, int, int, int], ...], ...]

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """As the networks take them: N x 3 x 32 x 32 in 0 .. 1."""
        return (self.pixels / 255.0).astype(np.float32).transpose(0, 3, 1, 2)


def draw(count: int, seed: int) -> Shapes:
    """One to three shapes in each picture, of any colour; a later one lies on top."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    pixels = np.empty((count, SIDE, SIDE, 3), np.uint8)
    masks = np.zeros((count, SIDE, SIDE), np.int64)
    objects = []
    for index in range(count):
        picture = generator.normal(generator.uniform(40, 120, 3), 12, (SIDE, SIDE, 3))
        found = []
        for _ in range(generator.integers(1, 4)):
            kind, radius = int(generator.integers(1, 4)), int(generator.integers(4, 7))
            row, column = (int(place) for place in generator.integers(radius, SIDE - radius, 2))
            up, across = rows - row, columns - column
            inside = {
                1: up**2 + across**2 <= radius**2,
                2: np.maximum(abs(up), abs(across)) <= radius - 1,
                3: (abs(across) * 2 <= up + radius) & (up <= radius),
            }[kind]
            colour = generator.uniform(130, 255, 3)
            picture[inside] = generator.normal(colour, 8, (int(inside.sum()), 3))
            masks[index][inside] = kind
            found.append((kind, row, column, radius))
        pixels[index] = np.clip(picture, 0, 255).astype(np.uint8)
        objects.append(tuple(found))
    return Shapes(pixels, masks, tuple(objects))


def write(folder: Path) -> None:
    """The sets of the README."""
    from PIL import Image

    for name, count, seed in (("calibration", CALIBRATION, CALIBRATION_SEED), ("test", TEST, TEST_SEED)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index, picture in enumerate(draw(count, seed).pixels):
            Image.fromarray(picture).save(folder / name / f"{index:02d}.png")
    test = draw(TEST, TEST_SEED)
    np.savez_compressed(folder / "test.npz", image=test.values, labels=test.masks)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder)
