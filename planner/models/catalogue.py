"""The built-in networks: nine graphs of the onnx package, and Inception-v4.

The graphs of the onnx package (onnx/backend/test/data/light) are real networks with constant
weights, exported at opset 9. Every built-in network gets seeded random weights, so what is
computed with it is arbitrary, but reproducible.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from dynamap.cost.errors import InputError, in_words
from dynamap.cost.likeness import suggestion

if TYPE_CHECKING:
    from onnx import ModelProto

    from dynamap.planner.network.given_shapes import Shapes
    from dynamap.planner.network.network import Network


@dataclass(frozen=True)
class BuiltIn:
    """One built-in network. ``light_file`` is its file in the onnx package, None if built here.

    ``convolutions`` leaves fully connected layers out; ``macs`` and ``parameters`` count them in.
    ``parameters`` are weights and biases once batch normalisation is folded; one that follows no
    convolution (DenseNet's stand in front) counts as a depthwise 1 x 1 layer, but not in ``convolutions``.
    """

    name: str
    light_file: str | None
    input_shape: tuple[int, int, int]
    convolutions: int
    macs: int
    parameters: int
    source: str


_IMAGENET = (3, 224, 224)
_ENTRIES = (
    BuiltIn(
        "googlenet",
        "light_inception_v1.onnx",
        _IMAGENET,
        57,
        1_431_556_352,
        6_998_552,
        "Szegedy et al., CVPR 2015, arXiv 1409.4842",
    ),
    BuiltIn(
        "inception-v2",
        "light_inception_v2.onnx",
        _IMAGENET,
        69,
        2_018_851_840,
        11_185_032,
        "Ioffe and Szegedy, ICML 2015, arXiv 1502.03167",
    ),
    BuiltIn(
        "inception-v4",
        None,
        (3, 299, 299),
        149,
        12_253_974_624,
        42_648_232,
        "Szegedy et al., AAAI 2017, arXiv 1602.07261",
    ),
    BuiltIn(
        "resnet50",
        "light_resnet50.onnx",
        _IMAGENET,
        53,
        4_089_184_256,
        25_530_472,
        "He et al., CVPR 2016, arXiv 1512.03385",
    ),
    BuiltIn(
        "vgg19",
        "light_vgg19.onnx",
        _IMAGENET,
        16,
        19_632_062_464,
        143_667_240,
        "Simonyan and Zisserman, ICLR 2015, arXiv 1409.1556",
    ),
    BuiltIn(
        "squeezenet",
        "light_squeezenet.onnx",
        _IMAGENET,
        26,
        349_151_936,
        1_235_496,
        "Iandola et al., 2016, arXiv 1602.07360 (version 1.1)",
    ),
    BuiltIn(
        "densenet121",
        "light_densenet121.onnx",
        _IMAGENET,
        121,
        2_844_711_168,
        7_974_120,
        "Huang et al., CVPR 2017, arXiv 1608.06993",
    ),
    BuiltIn(
        "shufflenet",
        "light_shufflenet.onnx",
        _IMAGENET,
        49,
        124_664_528,
        1_379_880,
        "Zhang et al., CVPR 2018, arXiv 1707.01083 (3 groups)",
    ),
    BuiltIn(
        "alexnet",
        "light_bvlc_alexnet.onnx",
        _IMAGENET,
        5,
        654_560_384,
        60_965_224,
        "Krizhevsky et al., NIPS 2012 (Caffe's bvlc_alexnet)",
    ),
    BuiltIn(
        "zfnet512",
        "light_zfnet512.onnx",
        _IMAGENET,
        5,
        1_481_727_008,
        87_250_536,
        "Zeiler and Fergus, ECCV 2014, arXiv 1311.2901",
    ),
)

CATALOGUE: Mapping[str, BuiltIn] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
BUILT_IN: tuple[str, ...] = tuple(CATALOGUE)

_MOST_BESIDE = 1000
"""Files of a folder that are looked at for one that may have been meant."""


def resolve(
    name_or_path: str, *, seed: int = 0, weights: bool = True, shapes: Shapes | None = None, host: bool = True
) -> Network:
    """The network of a built-in name, or of an ONNX file.

    A built-in name wins over a file of that name; write ``./googlenet`` for the file.

    Args:
        name_or_path: one of ``BUILT_IN``, or the path of an ONNX file.
        seed: seeds the random weights of a built-in network; ignored for a file.
        weights: without them the weights of a built-in network are placeholders that take no
            memory (read-only zeros, all of one address): enough to plan, useless to compute with.
            Everything else of the network, its ``sha256`` included, is the same.
        shapes: the dimensions of inputs that a file leaves open.
        host: what the overlay cannot run is left to the host, where onnxruntime can; else it is refused.

    Raises:
        InputError: the name is not known and no such file exists, or the file is not a network
            that can be imported, or the shapes contradict it.
    """
    entry = CATALOGUE.get(name_or_path)
    if entry is not None and shapes:
        raise InputError(f"the input of the built-in network {name_or_path!r} has fixed dimensions: leave --shape out")
    if entry is not None:
        return _built_in_network(entry, seed, weights)
    path = Path(name_or_path)
    if not path.is_file():
        raise InputError(
            f"model {name_or_path!r} is not a file that exists, nor the name of a built-in network"
            f"{suggestion(name_or_path, (*BUILT_IN, *_models_beside(path)))} "
            f"(the built-in networks are: {', '.join(BUILT_IN)})"
        )
    from dynamap.planner.importer import load_model

    return load_model(path, shapes, host=host)


def _models_beside(path: Path) -> list[str]:
    """The ONNX files of the folder that the path names, as it names it."""
    with suppress(OSError, ValueError):
        return sorted(str(path.parent / other.name) for other in islice(path.parent.glob("*.onnx"), _MOST_BESIDE))
    return []


def model_proto(name: str, *, seed: int = 0) -> ModelProto:
    """The ONNX model of a built-in network, with the very weights that ``resolve`` gives it.

    Raises:
        InputError: there is no built-in network of that name.
    """
    if name not in CATALOGUE:
        raise InputError(f"no built-in network is called {name!r}; there are: {', '.join(BUILT_IN)}")
    from dynamap.planner.models.random_weights import with_random_weights

    model, _ = _graph(CATALOGUE[name])
    return with_random_weights(model, seed)


def digest(graph_bytes: bytes, seed: int) -> str:
    """The ``sha256`` of a built-in network: of its graph, serialised before weights are filled, and the seed.

    The seed follows the bytes of the graph as the text ``random weights, seed N``. The weights
    themselves are not hashed, so the digest is known before they are made.
    """
    return hashlib.sha256(graph_bytes + f"random weights, seed {seed}".encode()).hexdigest()


def _built_in_network(entry: BuiltIn, seed: int, weights: bool) -> Network:
    from dataclasses import replace

    from dynamap.planner.importer import import_model

    model, graph_bytes = _graph(entry)
    sha256 = digest(graph_bytes, seed)
    if weights:
        from dynamap.planner.models.random_weights import with_random_weights

        network = import_model(with_random_weights(model, seed), entry.name, sha256)
    else:
        from dynamap.planner.models.placeholders import without_weights

        network = without_weights(import_model(model, entry.name, sha256))
    notice = f"weights are seeded random values (seed {seed})"
    return replace(network, notices=(*network.notices, notice), source=entry.name, seed=seed)


def _graph(entry: BuiltIn) -> tuple[ModelProto, bytes]:
    """The model with constant weights, and its serialised form."""
    import onnx

    if entry.light_file is None:
        from dynamap.planner.models.inception_v4 import build

        model = build()
        return model, model.SerializeToString(deterministic=True)
    path = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / entry.light_file
    try:
        graph_bytes = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"built-in network {entry.name!r} is read from the onnx package, which does not have "
            f"{path}: install onnx {onnx.__version__} with its test data, or give an ONNX file ({in_words(error)})"
        ) from error
    return onnx.load_model_from_string(graph_bytes), graph_bytes
