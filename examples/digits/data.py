"""The digits that scikit-learn carries: 1797 images of 8 x 8 pixels, UCI Machine Learning Repository."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

TEST_SHARE = 0.2
SPLIT_SEED = 0


@dataclass(frozen=True, eq=False)
class Digits:
    """Images N x 1 x 8 x 8, float32 in 0..1, and their labels 0..9; the test images are never trained on."""

    train_images: npt.NDArray[np.float32]
    train_labels: npt.NDArray[np.int64]
    test_images: npt.NDArray[np.float32]
    test_labels: npt.NDArray[np.int64]


def load() -> Digits:
    """The split is stratified and always the same: 1437 images to train on, 360 to test on."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    source = load_digits()
    images = (source.images / 16).astype(np.float32)[:, None]
    train, test, train_labels, test_labels = train_test_split(
        images, source.target, test_size=TEST_SHARE, random_state=SPLIT_SEED, stratify=source.target
    )
    return Digits(train, train_labels, test, test_labels)
