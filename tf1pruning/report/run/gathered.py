"""Everything in the folder of a run that a person may want to see, as one value; reading only."""

import logging
import os
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple, TypeVar

from ...errors import ModelError, PlanError, PruningError
from ...plan import PruningPlan
from ..inspection import inspect_channels
from .attempts import Attempt, counts_of, read_attempts
from .certificate import Certificate, read_certificate
from .counts import Count, Difference, read_counts, read_differences
from .filters import Kernel, existing, read_kernels
from .layers import Layer, list_layers
from .networks import find_after, find_before, model_in, read_networks
from .places import Places
from .reading import items, mapping, text
from .sensitivity import Sensitivity, read_sensitivity
from .speed import Benchmark, read_benchmark

logger = logging.getLogger(__name__)
Found = TypeVar('Found')
PARTS = ('records', 'networks', 'filters')
"""The stages of gathering."""
_COMMANDS = {
    'counts': 'tf1pruning strip MODEL --plan PLAN --outputs NAMES --output DIR',
    'plan': 'tf1pruning prune MODEL --outputs NAMES --threshold 0.6 --output DIR',
    'history': 'python -m train.prune_loop --config configs/loop_digits.yaml --output DIR',
    'layers': 'tf1pruning prune MODEL --outputs NAMES --threshold 0.6 --output DIR',
    'filters': 'tf1pruning prune MODEL --outputs NAMES --threshold 0.6 --output DIR',
    'certificate': 'tf1pruning export MODEL --outputs NAMES --output DIR',
    'benchmark': 'tf1pruning benchmark BEFORE AFTER --per-op --output DIR/benchmark.json',
}


_Networks = Tuple[Tuple[Layer, ...], Tuple[Mapping[str, Any], ...]]
_NO_NETWORKS: _Networks = ((), ())
_NO_KERNELS: Tuple[Kernel, ...] = ()


class Missing(NamedTuple):
    """A part that is left out.

    Attributes:
        part: its name for people.
        reason: why it is not there.
        command: makes it.
    """

    part: str
    reason: str
    command: str


class Run(NamedTuple):
    """What lies in the folder of a run.

    Attributes:
        folder: its path.
        counts: numbers before and after.
        differences: how exact the result is.
        plan: what was pruned.
        first_plan: the plan of the first step, whose scores are those of the trained network.
        attempts: the loop's history.
        settings: the loop's settings, in words.
        layers: convolutions and matrix products.
        refused: what cannot be pruned and why: `reasons` of `inspect_channels`.
        kernels: filters at every stage.
        certificate: of the exported files.
        benchmark: measured times.
        note: what the report says of a plan that prunes nothing.
        missing: what is left out.
        sensitivity: what compressing each parameter alone costs.
    """

    folder: str
    counts: Tuple[Count, ...]
    differences: Tuple[Difference, ...]
    plan: Optional[PruningPlan]
    first_plan: Optional[PruningPlan]
    attempts: Tuple[Attempt, ...]
    settings: Tuple[Tuple[str, str], ...]
    layers: Tuple[Layer, ...]
    refused: Tuple[Mapping[str, Any], ...]
    kernels: Tuple[Kernel, ...]
    certificate: Optional[Certificate]
    benchmark: Optional[Benchmark]
    note: str
    missing: Tuple[Missing, ...]
    sensitivity: Optional[Sensitivity] = None


def gather(folder: str, tell: Callable[[str], None] = lambda stage: None) -> Run:
    """Reads what lies in a folder: the output of `prune`, `strip` or `export`, of a pruning loop, or above these.

    Args:
        folder: the folder.
        tell: called with the name of every stage in `PARTS`.

    Raises:
        ModelError: there is no such folder, it holds nothing of a run, or a record in it is damaged.
    """
    tell('records')
    places = Places(folder)
    report, attempts = places.json('report.json'), read_attempts(places.json('history.json'))
    settings = mapping(mapping(places.json('loop.json')).get('settings'))
    plan, first_plan = _plans(places, attempts)
    certified = places.json('certificate.json')
    certificate = read_certificate(certified)
    if plan is None and mapping(mapping(certified).get('plan')):
        plan = first_plan = PruningPlan.from_dict(mapping(certified)['plan'])
    benchmark = read_benchmark(places.json('benchmark.json'))
    sensitivity = read_sensitivity(places.json('sensitivity.json'))
    if not (mapping(report) or attempts or plan or certificate or benchmark or sensitivity):
        raise ModelError('%s holds nothing of a run (plan.json, report.json, history.json, certificate.json, '
                         'benchmark.json or sensitivity.json): give the folder that a command wrote into' % folder)
    why: Dict[str, str] = {}
    tell('networks')
    layers, refused = _tried(lambda: _networks(places, settings), _NO_NETWORKS, 'layers', why)
    tell('filters')
    kernels = _tried(lambda: _kernels(places, plan, attempts), _NO_KERNELS, 'filters', why)
    run = Run(folder, tuple(read_counts(report, places.json('demo.json')) or counts_of(attempts)),
              read_differences(report), plan, first_plan, tuple(attempts), _in_words(settings), layers, refused,
              kernels, certificate, benchmark, text(mapping(report).get('note')), (), sensitivity)
    return run._replace(missing=tuple(_missing(run, why)))


def _plans(places: Places, attempts: List[Attempt]) -> Tuple[Optional[PruningPlan], Optional[PruningPlan]]:
    """Returns the plan of the result, and that of the first step."""
    named = [places.inside(row.plan) for row in attempts if row.plan]
    accepted = [places.inside(row.plan) for row in attempts if row.plan and row.accepted]
    path = places.file('plan.json') or (accepted[-1:] or [''])[0]
    first = next((each for each in named if os.path.isfile(each)), path)
    plan = PruningPlan.load(path) if path and os.path.isfile(path) else None
    return plan, plan if first == path else PruningPlan.load(first)


def _networks(places: Places, settings: Mapping[str, Any]) -> _Networks:
    before, after = find_before(places), find_after(places)
    if not before:
        raise ModelError('the network as it was (baseline or Pruned_Dir) is not in the folder')
    outputs = [text(name) for name in items(settings.get('outputs')) if text(name)]
    networks = read_networks(before, after, outputs)
    return tuple(list_layers(networks)), tuple(inspect_channels(networks.before)['reasons'])


def _kernels(places: Places, plan: Optional[PruningPlan], attempts: List[Attempt]) -> Tuple[Kernel, ...]:
    if plan is None:
        raise PlanError('there is no plan that says which')
    last = next((row for row in reversed(attempts) if row.accepted and row.plan), None)
    soft = os.path.dirname(places.inside(last.plan)) if last is not None else places.directory('Pruned_Dir')
    stripped = places.directory('Stripped_Dir')
    kernels = read_kernels(plan, existing({
        'trained': places.directory('baseline'), 'soft-pruned': model_in(soft),
        'retrained': places.inside(last.checkpoint) if last is not None else '', 'stripped': model_in(stripped)}))
    if not kernels:
        raise ModelError('no model with them is in the folder')
    return tuple(kernels)


def _tried(action: Callable[[], Found], instead: Found, part: str, why: Dict[str, str]) -> Found:
    """Leaves a part out whose models cannot be read, and keeps the reason."""
    try:
        return action()
    except PruningError as error:
        logger.info('%s is left out: %s', part, error)
        why[part] = str(error)
        return instead


def _in_words(settings: Mapping[str, Any]) -> Tuple[Tuple[str, str], ...]:
    """Returns the loop's settings as names and texts."""
    found = []
    for name, value in [*settings.items(), *mapping(settings.get('limits')).items()]:
        listed = ', '.join(map(text, items(value))) if isinstance(value, list) else text(value)
        if listed and name != 'checkpoint':
            found.append((name.replace('_', ' '), listed))
    return tuple(found)


def _missing(run: Run, why: Mapping[str, str]) -> List[Missing]:
    """Lists what is not there."""
    parts = {'counts': ('Counts before and after', run.counts and run.differences), 'plan': ('Plan', run.plan),
             'history': ('History of steps', run.attempts), 'layers': ('Layers, network and refusals', run.layers),
             'filters': ('Filters', run.kernels), 'certificate': ('Exported files and certificate', run.certificate),
             'benchmark': ('Measured times', run.benchmark)}
    return [Missing(name, why.get(part, ''), _COMMANDS[part]) for part, (name, found) in parts.items() if not found]
