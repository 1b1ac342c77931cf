"""The networks, their examples, and one row of each table."""

import os
import tempfile
from typing import Any, Dict, NamedTuple, Optional, Tuple

from benchmarks.cifar10 import SCALING
from tf1pruning.calibration import inputs_of
from tf1pruning.decomposition import Decomposed, DecomposeOrder, decomposed, describe_decomposed
from tf1pruning.evaluation import Evaluator, Labelled, load_labelled
from tf1pruning.graph.inference import Input
from tf1pruning.lowrank import UNSTRUCTURED
from tf1pruning.lowrank.allocation import total, within_shares
from tf1pruning.lowrank.costs import KINDS, Counts, Sizes
from tf1pruning.model.load import load_model
from tf1pruning.model.model import Model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.search.decomposition import Kernels
from tf1pruning.weights.linear_layers import linear_layers

JPEG = '_jpeg'
"""Behind the name of a network that was trained on on the images as they are here."""
TEST = os.path.join('cifar10', 'test-00000-of-00001.tfrecord')


class Places(NamedTuple):
    """Where things are.

    Attributes:
        models: folder with `cifar10_resnet20` and `cifar10_resnet56`.
        data: folder with `cifar10`.
        checkpoint: of the network that was trained on on these images: `resnet56_jpeg`.
    """

    models: str
    data: str
    checkpoint: str = ''


def network(name: str, places: Places) -> Model:
    """Returns one of the networks in inference form."""
    return loaded(path_of(name, places), 'IteratorGetNext' if name.endswith(JPEG) else 'input')


def loaded(path: str, begins: str) -> Model:
    """Returns a network of a checkpoint in inference form, from the tensor on that the images come from."""
    return to_inference(load_model(path, ('logits',), {begins: Input('input', (None, 32, 32, 3))}))


def path_of(name: str, places: Places) -> str:
    """Returns where a network is."""
    return places.checkpoint if name.endswith(JPEG) else os.path.join(places.models, 'cifar10_' + name, 'model.ckpt')


def examples(model: Model, places: Places, count: int) -> Labelled:
    """Returns so many test images, spread evenly."""
    return load_labelled(os.path.join(places.data, TEST), inputs_of(model), count, SCALING)


def equal_cost(model: Model, share: float) -> Dict[str, Dict[str, float]]:
    """Returns, for every layer, the error of each kind of decomposition at one part of the layer's cost."""
    layers, _ = linear_layers(model)
    costs = Counts({name: Sizes(each.shape) for name, each in layers.items()}, 'params', steps=64)
    found: Dict[str, Dict[str, float]] = {name: {} for name in layers}
    for kind in KINDS:
        kernels = Kernels(model, layers, costs, kind, UNSTRUCTURED)
        chosen = within_shares(dict.fromkeys(layers, share), dict.fromkeys(layers, []), costs, kind, kernels.estimate,
                               kernels.solved)  # type: ignore[arg-type]
        for name, point in chosen.items():
            found[name][kind] = 1.0 if point is None else point.error
    return found


def accuracy(model: Model, labelled: Labelled, order: DecomposeOrder, journal: str = '',
             given: Optional[Labelled] = None) -> Dict[str, Any]:
    """Decomposes a network and measures it on examples that no choice was made on.

    Args:
        model: the network.
        labelled: the examples to measure on.
        order: what is wanted.
        journal: the file that remembers a search.
        given: the examples of a search, which measures on a half of them itself.
    """
    made = decomposed(model, order, given, journal=journal, tell=_tell)
    row: Dict[str, Any] = {'examples': labelled.size, 'kept': total(made.chosen, made.kernels.costs) / _whole(made),
                           'summed_error': sum(each.error(made.kernels.kernel(name))
                                               for name, each in made.branches.items())}
    values: Dict[str, Any] = {}
    for name, each in made.branches.items():
        values.update(made.kernels.values(name, each))
    if made.found is not None:
        row.update(given=given.size if given else 0, searched=made.found.searched,
                   reported=made.found.reported, undone=len(made.found.undone),
                   evaluations=made.found.evaluations, layers=describe_decomposed(made, order)['layers'])
    with Evaluator(model, labelled, list(values), 125) as evaluator:
        row.update(before=evaluator.evaluate().accuracy, after=evaluator.evaluate(values).accuracy)
    return row


def _whole(made: Decomposed) -> float:
    return sum(made.kernels.costs.dense(name) for name in made.chosen)


def _tell(stage: str, record: Dict[str, Any]) -> None:
    print('%s: %s' % (stage, record), flush=True)


def latency(model: Model, orders: Dict[str, DecomposeOrder], rounds: int) -> Dict[str, Tuple[float, Optional[float]]]:
    """Returns milliseconds of the TFLite file with one thread, and the ratio to the network as it is, by order."""
    from tf1pruning.exports.folded import folded
    from tf1pruning.exports.tflite import write_tflite
    from tf1pruning.latency.interleaved import in_turn
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for each in [model, *(decomposed(model, order).model for order in orders.values())]:
            paths.append(os.path.join(folder, '%d.tflite' % len(paths)))
            write_tflite(folded(each), paths[-1])
        rows = in_turn(paths, rounds, 1, 1)
    return {name: (row.median_ms, row.ratio) for name, row in zip(['as it is', *orders], rows)}
