"""A decomposed model with its report, compared with what it must compute before it is delivered."""

import json
import os
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from ..errors import VerificationError
from ..evaluation import Labelled
from ..files import write_text
from ..lowrank.allocation import total
from ..model.frozen import save_frozen
from ..model.load import load_model
from ..model.model import Model
from ..model.save import save_model
from ..output_folder import output_folder
from ..pipeline import Stage, Stages, runnable_part
from ..report.counts import before_after
from ..report.rate_distortion import PICTURE, draw_rate_distortion
from ..search.journal import Tell
from ..verify import compare, random_inputs, run
from .choosing import Decomposed, decomposed
from .order import DecomposeOrder

STAGES = ('choose', 'decompose', 'write', 'compare', 'draw')
REPORT, FOLDER, PB = 'decompose.json', 'Decomposed_Dir', 'modify.pb'
TOLERANCE = 1e-4
"""Three convolutions in the place of one round three times, and sums of branches cancel what they round."""


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
