"""What each stage does: a state and a folder → the next state, and a record of what was done."""

import json
import os
from typing import Any, Callable, Dict, NamedTuple, Tuple, Type

from ..calibration import Scaling, inputs_of, load_examples
from ..channels import analyse
from ..exports.delivery import Order, Source, deliver
from ..exports.folded import folded
from ..exports.formats import Settings
from ..files import write_text
from ..model.frozen import save_frozen
from ..passes.soft_prune import soft_prune
from ..passes.strip import strip
from ..pipeline import describe, reconstructed, some_of
from ..plan import PruningPlan
from ..report.counts import before_after
from ..verify import difference_of, verify
from ..weights import with_values
from .cluster import ClusterConfig, run_cluster
from .config import ExportConfig, FoldConfig, SoftPruneConfig, StageConfig, StripConfig, VerifyConfig
from .decompose import DecomposeConfig, run_decompose
from .pack import PackConfig, run_pack
from .restructuring import FoldConstantsConfig, MergeDuplicatesConfig, run_restructuring
from .sparsify import SparsifyConfig, run_sparsify
from .state import MODEL, State, save

Record = Dict[str, Any]
Made = Tuple[State, Record]


def run_soft_prune(config: SoftPruneConfig, state: State, folder: str) -> Made:
    """Chooses channels, or takes a plan's, and sets them to zero."""
    channels = analyse(state.load(state.model))
    plan = PruningPlan.load(config.plan) if config.plan else some_of(config.selection.plan(channels))
    soft = with_values(soft_prune(channels.model, channels, plan),
                       reconstructed(channels, plan, config.selection).values)
    plan_path = os.path.join(folder, 'plan.json')
    plan.save(plan_path)
    path = save(soft, folder)
    return state._replace(model=path, reference=path, plan=plan_path), describe(plan, config.align)


def run_strip(config: StripConfig, state: State, folder: str) -> Made:
    """Removes the channels of the plan."""
    assert state.plan is not None
    channels = analyse(state.load(state.model))
    plan = PruningPlan.load(state.plan)
    path = save(strip(channels.model, channels, plan), folder)
    plan_path = os.path.join(folder, 'plan.json')
    plan.save(plan_path)
    record = dict(_counts(state, path), **describe(plan))
    write_text(os.path.join(folder, 'report.json'), json.dumps(record, indent=1) + '\n')
    return state._replace(model=path, plan=plan_path), record


def run_fold(config: FoldConfig, state: State, folder: str) -> Made:
    """Folds batch norms and leaves identities out."""
    before = state.load(state.model)
    after = folded(before)
    path = save_frozen(after, os.path.join(folder, MODEL + '.pb'))
    record = _counts(state, path)
    record['nodes'] = {'before': len(before.graph.node), 'after': len(after.graph.node)}
    return state._replace(model=path), record


def run_verify(config: VerifyConfig, state: State, folder: str) -> Made:
    """Runs the model beside the one that it must compute the same as."""
    difference = verify(state.load(state.reference), state.load(state.model), tolerance=config.tolerance)
    return state, dict(difference._asdict(), tolerance=config.tolerance)


def run_export(config: ExportConfig, state: State, folder: str) -> Made:
    """Writes files to ship, with their certificate."""
    model = state.load(state.model)
    order = Order(config.formats, Settings(inputs_as_nchw=config.inputs_as_nchw), config.batch,
                  allow_difference=config.allow_difference)
    if config.calibration:
        examples = load_examples(config.calibration, inputs_of(order.batched(model)), config.calibration_count,
                                 Scaling(config.mean, config.deviation))
        order = order._replace(settings=order.settings._replace(examples=examples))
    original = Source(state.load(state.original), state.original) if state.original != state.model else None
    plan = PruningPlan.load(state.plan).content() if state.plan else None
    certificate = deliver(Source(model, state.model), order, folder, original, plan)
    return state, {'files': certificate['files'], 'statement': certificate['statement']}


def _counts(state: State, path: str) -> Record:
    before, after = state.load(state.original), state.load(path)
    return dict(before_after(before, after, state.original, path),
                stripped_vs_soft_pruned=dict(difference_of(state.load(state.reference), after)._asdict()))


class _Kind(NamedTuple):
    """A kind of stage.

    Attributes:
        run: does it.
        reads: keys of its configuration that name files.
    """

    run: Callable[[Any, State, str], Made]
    reads: Tuple[str, ...] = ()


KINDS: Dict[Type[StageConfig], _Kind] = {
    SoftPruneConfig: _Kind(run_soft_prune, ('plan', 'data')),
    StripConfig: _Kind(run_strip),
    SparsifyConfig: _Kind(run_sparsify, ('levels',)),
    ClusterConfig: _Kind(run_cluster, ('bits',)),
    PackConfig: _Kind(run_pack),
    FoldConstantsConfig: _Kind(run_restructuring, ('data',)),
    MergeDuplicatesConfig: _Kind(run_restructuring, ('data',)),
    DecomposeConfig: _Kind(run_decompose, ('settings', 'data')),
    FoldConfig: _Kind(run_fold),
    VerifyConfig: _Kind(run_verify),
    ExportConfig: _Kind(run_export, ('calibration',)),
}
"""By what configures them."""
