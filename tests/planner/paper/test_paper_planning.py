"""Plans by the published model: brute force over arrays and mappings, the published example, the formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from dynamap.cost import paper
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.convolution import ConvShape
from dynamap.cost.device import Device, load_device
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import Add, Concat, Conv, HostLayer, Layer, Lrn, Network, Pool, PoolKind
from dynamap.planner.paper.costs import PaperCosts
from dynamap.planner.paper.graph import PLAIN, Reading
from dynamap.planner.paper.planning import objective_of, plan_by_paper, problem_on, two_step
from dynamap.planner.plan.layers import OnArray
from dynamap.planner.request.request import Request

IM2COL, KN2ROW, WINOGRAD = Algorithm.IM2COL, Algorithm.KN2ROW, Algorithm.WINOGRAD
NS, WS, IS = Dataflow.NS, Dataflow.WS, Dataflow.IS


class Builder:
    """Layers of a tiny network, one after the other; a layer writes the tensor of its name."""

    def __init__(self, channels: int, height: int, width: int) -> None:
        self.tensors = {"x": TensorShape(channels, height, width)}
        self.layers: list[Layer] = []

    def conv(self, name: str, source: str, out: int, kernel: int, stride: int = 1) -> None:
        window = Window((kernel, kernel), (stride, stride), (kernel // 2,) * 4)
        shape = ConvShape(self.tensors[source], out, window)
        weights = np.zeros((out, self.tensors[source].channels, kernel, kernel), np.float32)
        self._add(Conv(name, (source,), name, window, weights, np.zeros(out, np.float32)), shape.output)

    def pool(self, name: str, source: str, kernel: int, stride: int) -> None:
        window, before = Window((kernel, kernel), (stride, stride), (kernel // 2,) * 4), self.tensors[source]
        after = TensorShape(before.channels, *window.output_size(before.height, before.width))
        self._add(Pool(name, (source,), name, PoolKind.MAX, window), after)

    def concat(self, name: str, *sources: str) -> None:
        first = self.tensors[sources[0]]
        channels = sum(self.tensors[source].channels for source in sources)
        self._add(Concat(name, sources, name), TensorShape(channels, first.height, first.width))

    def add(self, name: str, *sources: str) -> None:
        self._add(Add(name, sources, name), self.tensors[sources[0]])

    def lrn(self, name: str, source: str) -> None:
        self._add(Lrn(name, (source,), name, 5, 1e-4, 0.75, 1.0), self.tensors[source])

    def host(self, name: str, source: str) -> None:
        self._add(HostLayer(name, (source,), name, "Softmax"), self.tensors[source])

    def _add(self, layer: Layer, shape: TensorShape) -> None:
        self.layers.append(layer)
        self.tensors[layer.output] = shape

    def network(self) -> Network:
        return Network("tiny", "0" * 64, tuple(self.layers), self.tensors, ("x",), (self.layers[-1].output,))


def _diamond() -> Network:
    """a, whose output feeds b and c; both are concatenated, pooled and fed to d."""
    net = Builder(3, 9, 7)
    net.conv("a", "x", 6, 3)
    net.conv("b", "a", 5, 3)
    net.conv("c", "a", 4, 1)
    net.concat("join", "b", "c")
    net.pool("pool", "join", 3, 2)
    net.conv("d", "pool", 7, 5)
    net.host("softmax", "d")
    return net.network()


def _residual() -> Network:
    """a, normalised; b reads that and is added to it; c, of stride 2, reads the sum."""
    net = Builder(4, 6, 6)
    net.conv("a", "x", 5, 5)
    net.lrn("lrn", "a")
    net.conv("b", "lrn", 5, 3)
    net.add("sum", "lrn", "b")
    net.conv("c", "sum", 3, 3, stride=2)
    return net.network()


Rates = tuple[int, int]
Mapping = dict[str, tuple[Algorithm, Dataflow]]
FORK_FORMATS = ((IM2COL, (3, 3)), (KN2ROW, (1, 1)), (WINOGRAD, (1, 1)))
"""What a 3 x 3 layer reads: its Toeplitz matrix, the plain tensor (which 1 x 1 layers and joins read too), tiles."""


def _diamond_ps(m: Mapping, fork: tuple[Algorithm, tuple[int, int]], edge: Callable[..., int]) -> int:
    """The transfers of the diamond, written out; edge(C, H, W, from, to, kernel of the reader)."""
    stored, kernel = fork
    return (
        edge(6, 9, 7, m["a"][0], stored, kernel)
        + edge(6, 9, 7, stored, m["b"][0], (3, 3))
        + edge(6, 9, 7, stored, m["c"][0], (1, 1))
        + edge(5, 9, 7, m["b"][0], KN2ROW, (1, 1))
        + edge(4, 9, 7, m["c"][0], KN2ROW, (1, 1))
        + edge(9, 5, 4, KN2ROW, m["d"][0], (5, 5))  # after the pooling to 5 x 4
    )


def _residual_ps(m: Mapping, fork: tuple[Algorithm, tuple[int, int]], edge: Callable[..., int]) -> int:
    stored, kernel = fork
    return (
        edge(5, 6, 6, m["a"][0], stored, kernel)
        + edge(5, 6, 6, stored, m["b"][0], (3, 3))
        + edge(5, 6, 6, stored, KN2ROW, (1, 1))
        + edge(5, 6, 6, m["b"][0], KN2ROW, (1, 1))
        + edge(5, 6, 6, KN2ROW, m["c"][0], (3, 3))
    )


def _shapes(network: Network) -> dict[str, ConvShape]:
    return {
        layer.name: ConvShape(network.tensors[layer.inputs[0]], network.tensors[layer.output].channels, layer.window)
        for layer in network.layers
        if isinstance(layer, Conv)
    }


def _brute_force(
    network: Network,
    transfers: Callable[..., int],
    allowed: Callable[[str, Algorithm, Dataflow], bool],
    rates: Rates,
    budget: int,
) -> Iterator[tuple[int, int, int]]:
    """(least picoseconds, rows, columns) of every array, over every algorithm, dataflow and storage format."""
    shapes = _shapes(network)
    pairs = {
        name: [(a, d) for a in paper.applicable(shape) for d in Dataflow if allowed(name, a, d)]
        for name, shape in shapes.items()
    }
    for rows in range(1, budget + 1):
        for columns in range(1, budget // rows + 1):
            hidden = (rows + columns) * rates[0] <= rates[1]
            nodes = {
                (name, pair): paper.node_cost_ps(shapes[name], *pair, rows, columns, *rates)
                for name, options in pairs.items()
                for pair in options
            }
            known: dict[tuple[object, ...], int] = {}

            def edge(*key: object, hidden: bool = hidden, known: dict[tuple[object, ...], int] = known) -> int:
                if key not in known:
                    c, h, w, producer, consumer, kernel = key
                    tensor = TensorShape(c, h, w)  # type: ignore[arg-type]
                    known[key] = paper.edge_cost_ps(tensor, producer, consumer, kernel, rates[1], hidden=hidden)  # type: ignore[arg-type]
                return known[key]

            best = min(
                sum(nodes[name, pair] for name, pair in zip(pairs, mapping, strict=True))
                + transfers(dict(zip(pairs, mapping, strict=True)), fork, edge)
                for mapping in product(*pairs.values())
                for fork in FORK_FORMATS
            )
            yield best, rows, columns


def _device(rates: Rates) -> Device:
    return load_device("pynq-z2").with_overrides(rates[0] / 1000, rates[1] / 1e6)


@pytest.mark.parametrize(("network", "transfers"), [(_diamond(), _diamond_ps), (_residual(), _residual_ps)])
@pytest.mark.parametrize(
    ("pins", "dataflows"),
    [({}, (NS, WS, IS)), ({"b": (KN2ROW, IS)}, (NS, IS)), ({"a": (IM2COL, None), "b": (WINOGRAD, WS)}, (WS,))],
)
@pytest.mark.parametrize("rates", [(100_000, 700_000), (200_000, 10_000_000)])
def test_joint_search_is_brute_force(
    network: Network,
    transfers: Callable[..., int],
    pins: dict[str, tuple[Algorithm, Dataflow | None]],
    dataflows: tuple[Dataflow, ...],
    rates: Rates,
) -> None:
    """Every array of at most 9 multipliers, every mapping. At 0.7 GB/s a load is hidden up to 7 rows and columns."""

    def allowed(name: str, algorithm: Algorithm, dataflow: Dataflow) -> bool:
        pinned, pinned_dataflow = pins.get(name, (None, None))
        if pinned is not None and algorithm is not pinned:
            return False
        return dataflow is pinned_dataflow if pinned_dataflow else dataflow in dataflows

    expected = min(_brute_force(network, transfers, allowed, rates, 9), key=lambda a: (a[0], a[1] * a[2], a[1]))
    plan = plan_by_paper(network, _device(rates), Request(multipliers=9, pins=pins, dataflows=dataflows))
    assert (plan.solver.objective, plan.overlay.rows, plan.overlay.columns) == expected
    assert plan.solver.status == "optimal" and plan.solver.bound == expected[0] and plan.solver.unit == "ps"
    assert plan.latency_ms == pytest.approx(expected[0] / 1e9, abs=1e-12)
    for layer in plan.layers:
        if isinstance(layer, OnArray):
            assert allowed(layer.name, layer.choice.algorithm, layer.choice.dataflow)
    assert objective_of(network, plan) == expected[0]


def test_joint_beats_or_equals_two_steps_on_every_budget() -> None:
    """Step one takes the array of the least sum of layer minima, checked array by array; step two maps on it."""
    network, rates, budget = _residual(), (100_000, 700_000), 9
    device = _device(rates)
    sums = []
    for rows in range(1, budget + 1):
        for columns in range(1, budget // rows + 1):
            total = sum(
                min(
                    paper.node_cost_ps(shape, a, d, rows, columns, *rates)
                    for a in paper.applicable(shape)
                    for d in Dataflow
                )
                for shape in _shapes(network).values()
            )
            sums.append((total, rows * columns, rows, columns))
    _, _, rows, columns = min(sums)
    plan = two_step(network, device, Request(multipliers=budget))
    assert (plan.overlay.rows, plan.overlay.columns) == (rows, columns)
    on_that_array = plan_by_paper(network, device, Request(multipliers=budget, array=(rows, columns)))
    assert plan.solver.objective == on_that_array.solver.objective
    joint = plan_by_paper(network, device, Request(multipliers=budget))
    assert plan.solver.bound <= joint.solver.objective <= plan.solver.objective


def _inception_3a() -> Network:
    """GoogleNet's inception 3a behind a concatenation, so that its input is a plain tensor of 192 x 28 x 28."""
    net = Builder(3, 28, 28)
    net.conv("p", "x", 96, 1)
    net.conv("q", "x", 96, 1)
    net.concat("input", "p", "q")
    net.conv("1x1", "input", 64, 1)
    net.conv("3x3_reduce", "input", 96, 1)
    net.conv("3x3", "3x3_reduce", 128, 3)
    net.conv("5x5_reduce", "input", 16, 1)
    net.conv("5x5", "5x5_reduce", 32, 5)
    net.pool("pool", "input", 3, 1)
    net.conv("pool_proj", "pool", 32, 1)
    net.concat("output", "1x1", "3x3", "5x5", "pool_proj")
    return net.network()


def test_published_graph_of_inception_3a() -> None:
    """The vectors and matrices of the authors' pbqp_incep.in (92 x 64, 200 MHz, 64 GB/s), to the nanosecond printed.

    Theirs: the fork's input edge and its four readers 2.352 us each; into the 3 x 3 layer 10.584, 1.176 and 4.900;
    into the 5 x 5 layer 4.900, 0.196 and 0.980. Into the join each branch is charged its own channels here:
    784 C / 64 bytes per ns.
    """
    request = Request(array=(92, 64), clock_mhz=200, bandwidth_gbs=64, dataflows=(NS, WS), cost_model="paper")
    network = _inception_3a()
    problem = problem_on(network, "u200", request, 92, 64)
    costs = PaperCosts(network, {}, 200_000, 64_000_000)
    vertices = costs.graph.vertices
    names = [vertex.layer.name if vertex.layer else f"store {vertex.tensor}" for vertex in vertices]
    matrices = {(names[e.first], names[e.second]): e.costs.tolist() for e in problem.edges}
    fork = "store input"
    assert matrices.pop(("input", fork)) == [[2_352_000]]
    for reader in ("1x1", "3x3_reduce", "5x5_reduce", "pool_proj"):
        assert matrices.pop((fork, reader)) == [[2_352_000]]
    assert matrices.pop(("3x3_reduce", "3x3")) == [[10_584_000, 1_176_000, 4_900_000]]
    assert matrices.pop(("5x5_reduce", "5x5")) == [[4_900_000, 196_000, 980_000]]
    assert matrices.pop(("1x1", "output")) == [[784_000]]
    assert matrices.pop(("3x3", "output")) == [[1_568_000]] * 3
    assert matrices.pop(("5x5", "output")) == [[392_000]] * 3
    assert matrices.pop(("pool_proj", "output")) == [[392_000]]
    assert matrices.pop(("p", "input")) == matrices.pop(("q", "input")) == [[1_176_000]]
    assert not matrices
    vectors = {name: vector.tolist() for name, vector in zip(names, problem.vectors, strict=True)}
    assert vectors["3x3"] == [90_072_000, 77_760_000, 46_320_000]
    assert vectors["5x5"] == [23_100_000, 18_000_000, 11_333_333]
    assert vectors["1x1"] == [11_184_000] and vectors["pool_proj"] == [11_088_000]
    assert vectors["3x3_reduce"] == [19_920_000] and vectors["5x5_reduce"] == [11_040_000]
    assert vectors[fork] == vectors["input"] == vectors["output"] == [0]
    assert costs.graph.vertices[names.index(fork)].choices == (PLAIN,)


def test_inception_3a_by_hand() -> None:
    """The least cost of that graph, added up by hand, in picoseconds.

    3 x 3: Winograd 46,320,000 + 4,900,000 beats kn2row 77,760,000 + 1,176,000. 5 x 5: Winograd 11,333,333 + 980,000
    beats kn2row 18,000,000 + 196,000. The layers then cost 11,184,000 + 19,920,000 + 46,320,000 + 11,040,000 +
    11,333,333 + 11,088,000 = 110,885,333, the transfers 5 x 2,352,000 + 4,900,000 + 980,000 + 3,136,000 (the four
    branches into the join) = 20,776,000. Before them p and q, 3 -> 96 channels: NS takes ceil(784/92) ceil(96/64) 3
    = 54 cycles = 270,000 ps and loads 784 * 3 + 3 * 96 = 2,640 bytes = 41,250 ps; each pays 1,176,000 into the join.
    """
    request = Request(array=(92, 64), clock_mhz=200, bandwidth_gbs=64, dataflows=(NS, WS))
    plan = plan_by_paper(_inception_3a(), "u200", request)
    assert plan.solver.objective == 110_885_333 + 20_776_000 + 2 * (270_000 + 41_250 + 1_176_000)
    layers = {layer["name"]: SimpleNamespace(**layer) for layer in plan.document()["layers"]}
    assert layers["3x3"].algorithm == layers["5x5"].algorithm == "winograd"
    assert layers["3x3"].compute_cycles == 9264  # ceil(196/92) * 2 * 96 * 16 + 48
    assert layers["3x3"].winograd_tile == 2
    assert layers["3x3_reduce"].output_format == layers["3x3"].input_format == "tiles"
    assert layers["3x3"].output_format == layers["pool"].output_format == "tensor"
    # The next best for 3 x 3 is Winograd by WS: 2 * 2 * 196 * 16 + 48 = 12,592 cycles, 3,328 more than NS, at 5 ns.
    assert layers["3x3"].runner_up is not None
    assert layers["3x3"].runner_up == {"algorithm": "winograd", "dataflow": "ws", "extra": 3_328 * 5_000}
    # 96 * 128 channels times 196 tiles of 16 products, in 9,264 cycles of 5,888 multipliers.
    assert layers["3x3"].utilization == pytest.approx(96 * 128 * 196 * 16 / (9264 * 5888), abs=1e-6)
    assert layers["1x1"].bound_by == "compute"  # 8.64 us against 784 * 192 bytes = 2.352 us


def test_formats_pass_through_pooling_and_forks() -> None:
    """a feeds a pool and b; the pool feeds c (5 x 5) and d (1 x 1): one storage per tensor that is read twice."""
    net = Builder(4, 8, 8)
    net.conv("a", "x", 4, 1)
    net.pool("pool", "a", 2, 2)
    net.conv("b", "a", 4, 3)
    net.conv("c", "pool", 4, 5)
    net.conv("d", "pool", 4, 1)
    net.concat("join", "c", "d")
    graph = PaperCosts(net.network(), {}, 1000, 1000).graph
    names = [vertex.layer.name if vertex.layer else f"store {vertex.tensor}" for vertex in graph.vertices]
    links = {(names[t.first], names[t.second]): t.tensor.as_list() for t in graph.transfers}
    assert links == {
        ("a", "store a"): [4, 8, 8],
        ("store a", "store pool"): [4, 5, 5],  # 8 x 8 pooled by 2 x 2 with pads 1
        ("store a", "b"): [4, 8, 8],
        ("store pool", "c"): [4, 5, 5],
        ("store pool", "d"): [4, 5, 5],
        ("c", "join"): [4, 5, 5],
        ("d", "join"): [4, 5, 5],
    }
    stored = graph.vertices[names.index("store pool")].choices
    assert set(stored) == {Reading(IM2COL, (5, 5)), PLAIN, Reading(WINOGRAD)} and len(stored) == 3
    # a's storage serves b as well, whose Toeplitz matrix is another.
    assert set(graph.vertices[names.index("store a")].choices) == {*stored, Reading(IM2COL, (3, 3))}


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        (Request(array=(92, 92)), InfeasibleError, "92x92 needs 8464 multipliers .* has 6833"),
        (Request(array=(3, 4), multipliers=11), InfeasibleError, "has 11 .1 too many"),
        (Request(array=(0, 4)), InputError, "positive number of rows and columns, found 0x4"),
        (Request(multipliers=0), InputError, "--multipliers must be positive"),
        (Request(packing=True), InputError, "leave --packing out"),
        (Request(algorithms=(WINOGRAD,)), InfeasibleError, "'c' can use im2col .* leaves it winograd"),
        (Request(pins={"c": (WINOGRAD, None)}), InfeasibleError, "'c' can use im2col .* change its --pin"),
        (Request(pins={"nowhere": (WINOGRAD, None)}), InputError, "'nowhere', which is not a convolution"),
    ],
)
def test_what_cannot_be_planned(request_: Request, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        plan_by_paper(_diamond(), "u200", request_)


def test_network_without_convolution() -> None:
    net = Builder(4, 6, 6)
    net.pool("pool", "x", 3, 1)
    with pytest.raises(InputError, match="has no convolution"):
        plan_by_paper(net.network(), "u200")
