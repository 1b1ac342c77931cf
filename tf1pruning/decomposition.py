"""Choose ranks and densities, decompose, write, compare and report in one go."""

import hashlib
import json
import os
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .errors import ModelError, NameNotFoundError, NothingToPruneError, OptionError, VerificationError
from .evaluation import Evaluator, Labelled
from .files import write_text
from .lowrank import Branches, Structure
from .lowrank.allocation import Choice, total
from .lowrank.costs import Costs, Counts, Sizes
from .lowrank.curves import Point
from .lowrank.solver import check
from .model.frozen import save_frozen
from .model.load import load_model
from .model.model import Model
from .model.save import save_model
from .output_folder import output_folder
from .passes.decompose import decompose, with_kernels
from .pipeline import Stage, Stages, runnable_part
from .plain_json import load_json
from .report.counts import before_after
from .report.rate_distortion import PICTURE, draw_rate_distortion
from .search.decomposition import Kernels, as_solved, data_free, require_near, solved
from .search.fixed_loss import Found, require_two_halves, search
from .search.journal import Journal, Tell
from .verify import compare, random_inputs, run
from .weights.linear_layers import LinearLayer, linear_layers

STAGES = ('choose', 'decompose', 'write', 'compare', 'draw')
REPORT, FOLDER, PB = 'decompose.json', 'Decomposed_Dir', 'modify.pb'
METHODS = ('fixed_params', 'fixed_loss')
TOLERANCE = 1e-4
"""Three convolutions in the place of one round three times, and sums of branches cancel what they round."""


class DecomposeOrder(NamedTuple):
    """What is wanted.

    Attributes:
        method: one of `METHODS`.
        factor: the part of the cost that `fixed_params` keeps.
        max_loss: the accuracy that `fixed_loss` may lose, from 0 to 1.
        kind: one of `lowrank.costs.KINDS`.
        structure: of the sparse branches.
        weight: how much dearer an entry of a sparse branch is.
        cost: `macs`, `params` or `latency`.
        allocation: how `fixed_params` shares the budget out, one of `allocation.ALLOCATIONS`.
        layers: kernels that take part; empty is all that can.
        exclude: kernels that are left alone.
        settings: a `decompose.json` whose ranks and densities are taken, in place of a choice.
        times: a file that remembers times, for `latency`.
    """

    method: str = 'fixed_params'
    factor: Optional[float] = None
    max_loss: float = 0.02
    kind: str = 'hybrid'
    structure: Structure = Structure()
    weight: float = 4.0
    cost: str = 'macs'
    allocation: str = 'spread'
    layers: Tuple[str, ...] = ()
    exclude: Tuple[str, ...] = ()
    settings: Optional[str] = None
    times: Optional[str] = None

    def check(self) -> None:
        """Refuses what cannot be.

        Raises:
            OptionError: a number is out of its range, or missing.
        """
        self.structure.check()
        if self.settings is None and self.method == 'fixed_params' and self.factor is None:
            raise OptionError('say which part of the cost is kept: --compression_factor 0.5')
        if self.factor is not None and not 0 < self.factor < 1:
            raise OptionError('a compression factor of %s: it must be above 0 and below 1, the part of the cost that '
                              'is kept' % self.factor)
        if not 0 <= self.max_loss < 1:
            raise OptionError('a loss of accuracy of %s: it must be from 0 and below 1' % self.max_loss)
        if not self.weight > 0:
            raise OptionError('a sparsity weight of %s: it must be above 0' % self.weight)


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
    """
    order.check()
    layers, left_alone = _chosen_layers(model, order)
    costs = _costs(model, layers, order)
    kernels = Kernels(model, layers, costs, order.kind, order.structure)
    found = None
    if order.settings is not None:
        chosen = _settings(order.settings, kernels)
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
        from .latency.layers import LayerTimes
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
        return search(kernels, lambda values: first.evaluate(values).accuracy,
                      lambda values: second.evaluate(values).accuracy, order.max_loss, Journal(journal, settings, tell))


def _hash(arrays: Mapping[str, np.ndarray]) -> str:
    """Returns what tells whether a search is for the same weights and examples as one that was interrupted."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def _settings(path: str, kernels: Kernels) -> Choice:
    """Reads ranks and densities from a report.

    Raises:
        OptionError: a rank is above a kernel's.
        NameNotFoundError: the model has no such layer.
        ModelError: the file is no such report.
    """
    try:
        wanted = {name: (tuple(each['ranks']), float(each['density'])) if each['ranks'] is not None else None
                  for name, each in load_json(path)['layers'].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError('%s is no report of decompose: {"layers": {NAME: {"ranks": [R, R], "density": D}}} is '
                         'expected (%s)' % (path, error)) from error
    chosen: Choice = dict.fromkeys(kernels.layers)
    for name, setting in wanted.items():
        if name not in kernels.layers:
            raise NameNotFoundError.closest('layer', name, kernels.layers)
        if setting is not None:
            ranks, density = setting
            try:
                check(kernels.layers[name].shape, ranks, density)  # type: ignore[arg-type]
            except OptionError as error:
                raise OptionError('%s: %s' % (name, error)) from error
            chosen[name] = Point(ranks, density, kernels.costs.kept(name, ranks, density), 0.0)  # type: ignore[arg-type]
    return chosen


def write_decomposed(model: Model, source: str, output: str, order: DecomposeOrder, labelled: Optional[Labelled] = None,
                     batch: int = 250, force: bool = False, keep: Sequence[str] = (), tell: Optional[Stage] = None,
                     tell_layer: Optional[Tell] = None) -> Dict[str, Any]:
    """Decomposes a model and writes it with its report.

    Args:
        model: the model as it was read, with outputs, inputs and feeds.
        source: the path it was read from.
        output: the folder; beside it, `<folder>.search.json` remembers a search until it is finished.
        order: what is wanted.
        labelled: the examples, for `fixed_loss`.
        batch: how many of them are run at once.
        force: whether an earlier result is replaced.
        keep: other files that must not be lost with it.
        tell: called with the name of every stage.
        tell_layer: called after every layer that a search has finished.

    Returns:
        The content of `decompose.json`.

    Raises:
        VerificationError: what was written does not compute what it should; nothing is left behind.
    """
    stages = Stages(tell)
    journal = os.path.normpath(output) + '.search.json'
    with output_folder(output, force, [source, *keep], (REPORT, FOLDER, PICTURE)) as folder:
        before = runnable_part(model)
        with stages('choose'):
            made = decomposed(before, order, labelled, batch, journal, tell_layer)
        with stages('write'):
            path = save_model(made.model, os.path.join(folder, FOLDER))
            pb_path = path if made.model.frozen else save_frozen(made.model, os.path.join(folder, FOLDER, PB))
        with stages('compare'):
            report = dict(describe_decomposed(made, order), **_compared(before, made, [path, pb_path]))
            report.update(before_after(before, made.model, source, path))
        with stages('draw'):
            report['picture'] = draw_rate_distortion(os.path.join(folder, PICTURE), made.kernels, made.chosen)
        report.update(path=os.path.join(FOLDER, os.path.basename(path)), seconds=stages.seconds)
        write_text(os.path.join(folder, REPORT), json.dumps(report, indent=1) + '\n')
    if os.path.exists(journal):
        os.remove(journal)
    return report


def describe_decomposed(made: Decomposed, order: DecomposeOrder) -> Dict[str, Any]:
    """Says for every layer, and for all, what is kept and what is lost."""
    costs = made.kernels.costs
    layers: Dict[str, Any] = {}
    for name, layer in made.kernels.layers.items():
        point, dense = made.chosen[name], costs.dense(name)
        layers[name] = {
            'kernel': list(layer.shape), 'ranks': None if point is None else list(point.ranks),
            'density': None if point is None else round(point.density, 8), 'dense_cost': dense,
            'cost': 1.0 if point is None else point.cost / dense,
            'error': 0.0 if point is None else point.error}
    whole = sum(costs.dense(name) for name in layers)
    report: Dict[str, Any] = {
        'method': 'settings' if order.settings is not None else order.method, 'compression_type': order.kind,
        'structure': order.structure.name, 'cost_model': order.cost, 'kept': total(made.chosen, costs) / whole,
        'summed_error': float(np.sum([each['error'] for each in layers.values()])), 'layers': layers,
        'left_alone': made.left_alone}
    if made.found is not None:
        report['accuracy'] = {'searched': made.found.searched, 'reported': made.found.reported}
        report.update(undone=made.found.undone, evaluations=made.found.evaluations, max_acc_loss=order.max_loss)
    return report


def _compared(before: Model, made: Decomposed, paths: List[str]) -> Dict[str, Any]:
    """Runs the files, the original graph with the kernels that the branches amount to, and the original.

    Raises:
        VerificationError: the first two differ.
    """
    inputs = random_inputs(before)
    expected = run(made.reference, inputs)
    worst: Dict[str, Any] = {}
    for path in dict.fromkeys(paths):
        written = runnable_part(load_model(path, before.outputs, before.inputs))
        difference = compare(expected, run(written, inputs), before.outputs)
        if not difference.relative <= TOLERANCE:
            raise VerificationError('%s differs from the original graph with the decomposed kernels by %.2e relative '
                                    'at output %s; nothing was left'
                                    % (os.path.basename(path), difference.relative, difference.output))
        worst = max(worst, dict(difference._asdict()), key=lambda each: each.get('relative', -1.0))
    change = compare(run(before, inputs), expected, before.outputs)
    return {'decomposed_vs_kernels': worst, 'output_change': dict(change._asdict())}
