"""Plan, soft-prune, strip, verify and export in one go, without training."""

import contextlib
import json
import logging
import os
import time
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

from .channels import Channels, analyse
from .choice import Selection
from .errors import ModelError, NothingToPruneError, OptionError, VerificationError
from .files import write_text
from .graph.view import VARIABLE_OPS, GraphView
from .model.checkpoint import load_checkpoint, read_back, save_checkpoint
from .model.frozen import load_frozen, save_frozen
from .model.graph_writer import TooLargeError
from .model.model import Model
from .model.save import save_model
from .output_folder import output_folder
from .passes.soft_prune import soft_prune
from .passes.strip import find_unconverged, strip
from .passes.to_inference import to_inference
from .plan import PruningPlan
from .reconstruction import Reconstructed, reconstruct
from .report.counts import before_after
from .report.notes import nothing_pruned
from .tf1 import tf
from .verify import TOLERANCE, compare, difference_of, random_inputs, run
from .weights import with_values

logger = logging.getLogger(__name__)
Stage = Callable[[str], None]


class Stages:
    """Times the stages of a run and tells somebody of each.

    Args:
        tell: called with the name of every stage when it starts.
    """

    def __init__(self, tell: Optional[Stage] = None) -> None:
        self.seconds: Dict[str, float] = {}
        self._tell = tell

    @contextlib.contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Times one stage."""
        if self._tell is not None:
            self._tell(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 4)


STAGES = ('analyse', 'plan', 'soft-prune', 'strip', 'write', 'verify')


def forward_part(model: Model) -> Model:
    """Returns a model in inference form, and checks that what was said of its outputs can be.

    Raises:
        ModelError: the outputs are no values computed from an input.
    """
    forward = to_inference(model)
    view = forward.view
    outputs = [view.require(name) for name in forward.outputs]
    if not any(view.op(name).startswith('Placeholder') for name in view.ancestors(tensor.node for tensor in outputs)):
        raise ModelError('the outputs (%s) depend on no input: name others, or name the tensor where the data come in '
                         'as an input' % ', '.join(model.outputs))
    for tensor in outputs:
        if view.op(tensor.node) in VARIABLE_OPS:
            raise ModelError('output %s is a variable (%s): name what is computed from an input'
                             % (tensor, view.op(tensor.node)))
        count = len(forward.shapes.get(tensor.node, ()))
        if not 0 <= tensor.output < count:
            raise ModelError('there is no tensor %s to be an output: %s (%s) makes %d'
                             % (tensor, tensor.node, view.op(tensor.node), count))
    for name in open_switches(view):
        logger.warning('%s chooses between branches and has no value, so both stay: give it one (--feed %s=false)',
                       name, name)
    return forward


def open_switches(view: GraphView) -> List[str]:
    """Returns the placeholders that choose between branches, training flags for the most part."""
    chosen = {view.source(view.inputs[name][1]).node for name, node in view.nodes.items() if node.op == 'Switch'}
    return sorted(name for name in chosen if view.op(name) == 'Placeholder')


def runnable_part(model: Model) -> Model:
    """Returns what `forward_part` does, for a model that will be run on random numbers.

    Raises:
        ModelError: an input is text.
    """
    forward = forward_part(model)
    for name in forward.view.ancestors(forward.view.require(output).node for output in forward.outputs):
        node = forward.view.nodes[name]
        if node.op == 'Placeholder' and node.attr['dtype'].type == tf.string:
            raise ModelError('input %s is text, so that random numbers cannot compare the models: name a tensor behind '
                             'it as an input' % name)
    return forward


def prune(model: Model, source: str, output: str, selection: Selection, force: bool = False,
          tell: Optional[Stage] = None) -> Dict[str, Any]:
    """Prunes a model without training and writes everything into one folder.

    Args:
        model: the model as it was read, with outputs, inputs and feeds.
        source: the path it was read from.
        output: the folder; see `output_folder.PRODUCED`.
        selection: what goes.
        force: whether an earlier result is replaced.
        tell: called with the name of every stage.

    Returns:
        The content of `report.json`.

    Raises:
        NothingToPruneError: no channel can be pruned; nothing is written.
        VerificationError: what was written does not compute what the soft-pruned model does; nothing is left behind.
    """
    stages = Stages(tell)
    with output_folder(output, force, [source]) as folder:
        with stages('analyse'):
            channels = analyse(runnable_part(model))
        with stages('plan'):
            plan = some_of(selection.plan(channels))
            plan.save(os.path.join(folder, 'plan.json'))
        with stages('soft-prune'):
            fitted = reconstructed(channels, plan, selection)
            soft, reference = (with_values(soft_prune(each, channels, plan), fitted.values)
                               for each in (model, channels.model))
        with stages('strip'):
            stripped = strip(reference, channels.of(reference), plan)
        with stages('write'):
            write_soft_pruned(soft, folder)
            prefix = write_stripped(stripped, folder, plan)
        with stages('verify'):
            report = verified(reference, stripped, prefix, os.path.join(folder, 'Stripped_Dir', 'modify.pb'))
        report.update(before_after(channels.model, stripped, source, prefix), **describe(plan, selection.amount.align))
        if selection.reconstruct:
            report['reconstruction'] = [dict(each._asdict()) for each in fitted.layers]
        report['seconds'] = stages.seconds
        write_text(os.path.join(folder, 'report.json'), json.dumps(report, indent=1) + '\n')
    return report


def reconstructed(channels: Channels, plan: PruningPlan, selection: Selection) -> Reconstructed:
    """Fits what reads the pruned channels on the examples of a selection, where it asks for that.

    Raises:
        OptionError: it has no examples.
        DataError: they are missing, or do not fit.
    """
    if not selection.reconstruct:
        return Reconstructed({}, ())
    if selection.calibration is None:
        raise OptionError('the weights are fitted on examples: give some (--data PATH)')
    return reconstruct(channels, soft_prune(channels.model, channels, plan), plan,
                       selection.calibration.examples(channels.model))


def strip_only(model: Model, source: str, plan: PruningPlan, output: str, inference: bool = False,
               zero_unconverged: bool = False, force: bool = False, keep: Sequence[str] = ()) -> Dict[str, Any]:
    """Strips a model by a plan and writes `Stripped_Dir` into a folder.

    Args:
        model: the soft-pruned, usually retrained model.
        source: the path it was read from.
        plan: what goes.
        output: the folder.
        inference: strip the inference form; else a training graph stays one, with its optimizer.
        zero_unconverged: set to zero what is not.
        force: whether an earlier result is replaced.
        keep: other files that must not be lost with it, the plan's own for example.

    Returns:
        The content of `report.json`.

    Raises:
        NotZeroError: channels are not zero.
        VerificationError: what was written does not compute what the soft-pruned model does.
    """
    with output_folder(output, force, [source, *keep]) as folder:
        channels = analyse(runnable_part(model))
        reference = soft_prune(channels.model, channels, plan)
        whole = channels.model if inference else model
        zeroing = zero_unconverged and bool(find_unconverged(channels.model, channels, plan))
        stripped = strip(whole, channels, plan, zero_unconverged)
        final = stripped if inference else to_inference(stripped)
        prefix = write_stripped(stripped, folder, plan, final)
        report = verified(reference, stripped, prefix, os.path.join(folder, 'Stripped_Dir', 'modify.pb'))
        report.update(before_after(channels.model, final, source, prefix), **describe(plan))
        if zeroing:
            report['zeroing_changed_output'] = difference_of(channels.model, reference).relative
        write_text(os.path.join(folder, 'report.json'), json.dumps(report, indent=1) + '\n')
    return report


def some_of(plan: PruningPlan) -> PruningPlan:
    """Returns a plan that has groups, even if it prunes nothing of them.

    Raises:
        NothingToPruneError: it has none.
    """
    if not plan.groups:
        raise NothingToPruneError(nothing_pruned(plan) + '; nothing was written')
    return plan


def describe(plan: PruningPlan, align: int = 1) -> Dict[str, Any]:
    """Counts the groups and channels of a plan; a `note` says why, where it prunes nothing."""
    size = sum(group.size for group in plan.groups)
    counts: Dict[str, Any] = {'groups': len(plan.groups), 'channels': {'before': size,
                                                                       'after': size - plan.pruned_count}}
    note = nothing_pruned(plan, align)
    return dict(counts, note=note) if note else counts


def write_soft_pruned(model: Model, folder: str) -> str:
    """Writes `Pruned_Dir/<name>`, as a checkpoint or a `.pb`; returns its path."""
    return save_model(model, os.path.join(folder, 'Pruned_Dir'))


def write_stripped(model: Model, folder: str, plan: PruningPlan, inference: Optional[Model] = None) -> str:
    """Writes `Stripped_Dir/<name>` and `modify.pb`; returns the checkpoint's prefix, or the `.pb` of a frozen model.

    A model whose weights are more than a `.pb` can hold has none.

    Args:
        model: the stripped model.
        folder: the output folder.
        plan: what was stripped.
        inference: its inference form, where the model is a training graph.
    """
    target = os.path.join(folder, 'Stripped_Dir')
    os.makedirs(target, exist_ok=True)
    pb_path = os.path.join(target, 'modify.pb')
    plan.save(os.path.join(target, 'plan.json'))
    if model.frozen:
        return save_frozen(model, pb_path)
    prefix = save_checkpoint(model, target)
    try:
        save_frozen(read_back(inference or model, prefix), pb_path)
    except TooLargeError as error:
        logger.warning('modify.pb is not written: %s', error)
    return prefix


def verified(reference: Model, stripped: Model, prefix: str, pb_path: str, tolerance: float = TOLERANCE
             ) -> Dict[str, Any]:
    """Runs the soft-pruned model and the files that were written, on the same inputs.

    Args:
        reference: the soft-pruned model.
        stripped: the stripped one.
        prefix: where its checkpoint is.
        pb_path: where its frozen graph is.
        tolerance: largest relative difference allowed.

    Raises:
        VerificationError: they differ.
    """
    inputs = random_inputs(reference)
    values = [run(reference, inputs)]  # one after the other, so that only one is in memory
    if not stripped.frozen:
        written = load_checkpoint(prefix, stripped.outputs, stripped.inputs, stripped.feeds)
        values.append(run(to_inference(written), inputs))
    if os.path.exists(pb_path):
        values.append(run(load_frozen(pb_path, reference.outputs), inputs))
    if stripped.frozen:  # the .pb is the only file
        values.append(values[-1])
    report = {}
    for name, first, second in zip(('stripped_vs_soft_pruned', 'pb_vs_checkpoint'), values, values[1:]):
        difference = compare(first, second, reference.outputs)
        report[name] = dict(difference._asdict())
        if not difference.relative <= tolerance:
            raise VerificationError('%s: output %s differs by %.2e relative; nothing was written'
                                    % (name.replace('_', ' '), difference.output, difference.relative))
    return report
