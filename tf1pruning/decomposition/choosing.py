"""Which ranks and densities a model's layers get, and the model that comes of it."""

import hashlib
from typing import Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from ..errors import ModelError, NameNotFoundError, NothingToPruneError, OptionError
from ..evaluation import Evaluator, Labelled
from ..lowrank import Branches
from ..lowrank.allocation import Choice
from ..lowrank.costs import Costs, Counts, Sizes
from ..model.model import Model
from ..passes.decompose import decompose, with_kernels
from ..search.decomposition import Kernels, as_solved, data_free, require_near, solved
from ..search.fixed_loss import Found, require_two_halves, search
from ..search.journal import Journal, Tell
from ..weights.linear_layers import LinearLayer, linear_layers
from .order import DecomposeOrder
from .settings import settings_of


class Decomposed(NamedTuple):
    """A decomposed model, and how it came about.

    Attributes:
        model: the result.
        reference: the original graph with the kernels that the branches amount to: it computes the same.
        kernels: the layers that took part.
        chosen: by layer.
        branches: of the layers that are not left as they are.
        left_alone: why other weights took no part.
        found: of a search for the accuracy, what it measured.
    """

    model: Model
    reference: Model
    kernels: Kernels
    chosen: Choice
    branches: Dict[str, Branches]
    left_alone: Dict[str, str]
    found: Optional[Found]


def decomposed(model: Model, order: DecomposeOrder, labelled: Optional[Labelled] = None, batch: int = 250,
               journal: str = '', tell: Optional[Tell] = None) -> Decomposed:
    """Chooses and decomposes.

    Args:
        model: in inference form.
        order: what is wanted.
        labelled: the examples, for `fixed_loss`.
        batch: how many of them are run at once.
        journal: the file that remembers a search.
        tell: called after every layer that a search has finished.

    Raises:
        OptionError: what is wanted cannot be.
        NothingToPruneError: there is no layer to decompose.
        DataError: there are too few examples.
        ModelError: weights are not finite, or what is computed of the examples is not.
    """
    order.check()
    layers, left_alone = _chosen_layers(model, order)
    costs = _costs(model, layers, order)
    kernels = Kernels(model, layers, costs, order.kind, order.structure)
    found = None
    if order.settings is not None:
        chosen = settings_of(order.settings, kernels)
    elif order.method == 'fixed_params':
        assert order.factor is not None
        chosen = data_free(kernels, order.factor, order.allocation)
    else:
        found = _search(model, kernels, order, labelled, batch, journal, tell)
        chosen = found.chosen
    branches = solved(kernels, chosen)
    chosen = as_solved(kernels, chosen, branches)
    if order.settings is None and order.method == 'fixed_params' and order.cost != 'latency':  # whose steps are large
        require_near(chosen, costs, order.factor or 0.0)
    return Decomposed(decompose(model, layers, branches), with_kernels(model, layers, branches), kernels, chosen,
                      branches, left_alone, found)


def _chosen_layers(model: Model, order: DecomposeOrder) -> Tuple[Dict[str, LinearLayer], Dict[str, str]]:
    layers, refused = linear_layers(model)
    for name in (*order.layers, *order.exclude):
        if name in refused and name in order.layers:
            raise OptionError('%s cannot be decomposed: %s' % (name, refused[name]))
        if name not in layers and name not in refused:
            raise NameNotFoundError.closest('kernel', name, [*layers, *refused])
    kept = {name: layer for name, layer in layers.items()
            if (not order.layers or name in order.layers) and name not in order.exclude}
    if not kept:
        some = '; '.join('%s: %s' % each for each in list(refused.items())[:3])
        raise NothingToPruneError('there is no convolution or matrix product to decompose%s; nothing was written'
                                  % (' (%s)' % some if some else ''))
    return kept, refused


def _costs(model: Model, layers: Mapping[str, LinearLayer], order: DecomposeOrder) -> Costs:
    if order.cost == 'latency':
        from ..latency.layers import LayerTimes
        return LayerTimes(model, layers, order.times)
    sizes = {name: Sizes(each.shape, each.positions, each.positions_before) for name, each in layers.items()}
    return Counts(sizes, order.cost, order.weight, structure=order.structure)


def _search(model: Model, kernels: Kernels, order: DecomposeOrder, labelled: Optional[Labelled], batch: int,
            journal: str, tell: Optional[Tell]) -> Found:
    if labelled is None:
        raise OptionError('fixed_loss needs labelled examples: --data PATH')
    require_two_halves(labelled.size, len(kernels.layers))
    halves = [labelled.taken(slice(start, None, 2)) for start in (0, 1)]
    tensors = [part for layer in kernels.layers.values() for part in layer.parts]
    settings = dict(order._asdict(), structure=list(order.structure), times=None, model=model.name,
                    weights=_hash({name: kernels.kernel(name) for name in kernels.layers}),
                    examples=_hash({**labelled.inputs, 'labels': labelled.labels}))
    with Evaluator(model, halves[0], tensors, batch) as first, Evaluator(model, halves[1], tensors, batch) as second:
        if not np.isfinite(first.evaluate().loss):
            raise ModelError('%s computes numbers that are not finite for some of the examples: there is no accuracy '
                             'to keep; inspect its weights, or take --method fixed_params' % model.name)
        return search(kernels, lambda values: first.evaluate(values).accuracy,
                      lambda values: second.evaluate(values).accuracy, order.max_loss, Journal(journal, settings, tell))


def _hash(arrays: Mapping[str, np.ndarray]) -> str:
    """Returns what tells whether a search is for the same weights and examples as one that was interrupted."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()
