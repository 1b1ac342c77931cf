"""The names of experiments, and what they stand for."""

import re
from typing import Dict, List, NamedTuple, Tuple

from tf1pruning.errors import OptionError, closest_names

BASELINE = 'float32'
QUANTIZED = {'float16': 'float16', 'dynamic': 'dynamic', 'int8': 'int8'}
"""Quantised forms, by what `exports.tflite` calls them."""
SPARSITIES = (0.2, 0.4, 0.5)
CLUSTERS = (2, 4, 8, 16, 32)
FAMILIES = ('quantized', 'pruned', 'clustered')
_PRUNED, _CLUSTERED = re.compile(r'pruned-(0?\.\d+)-fp32$'), re.compile(r'clustered-(\d+)-fp32$')


class Task(NamedTuple):
    """An experiment.

    Attributes:
        name: on the command line and in the names of reports.
        family: float32, quantized, pruned or clustered.
        label: in the names of files: `<stem>.<label>.tflite`.
        numbers: what the weights become in the file.
        amount: the sparsity, or the number of values.
    """

    name: str
    family: str
    label: str
    numbers: str = 'float32'
    amount: float = 0.0


FLOAT = Task(BASELINE, BASELINE, BASELINE)


def pruned(sparsity: float) -> Task:
    """Returns the experiment in which a part of every tensor is zero."""
    return Task('pruned-%g-fp32' % sparsity, 'pruned', 'pruned-%g' % sparsity, amount=sparsity)


def clustered(count: int) -> Task:
    """Returns the experiment in which every tensor has a few values."""
    return Task('clustered-%d-fp32' % count, 'clustered', 'clustered-%d' % count, amount=count)


def quantized(numbers: str) -> Task:
    """Returns the experiment in which the file has other numbers than float32."""
    return Task('quantized-' + numbers, 'quantized', 'quantized-' + numbers, numbers)


def parse_tasks(text: str) -> List[Task]:
    """Understands names, separated by commas; the network as it is always comes first, to compare with.

    Raises:
        OptionError: a name is none, or an amount is out of its range.
    """
    groups = _groups()
    found: Dict[str, Task] = {FLOAT.name: FLOAT}
    for name in (part.strip() for part in text.split(',')):
        for task in groups[name] if name in groups else (_parsed(name, groups),):
            found[task.name] = task
    return list(found.values())


def _groups() -> Dict[str, Tuple[Task, ...]]:
    kinds = {'quantized-all': tuple(map(quantized, QUANTIZED)), 'pruned-all': tuple(map(pruned, SPARSITIES)),
             'clustered-all': tuple(map(clustered, CLUSTERS))}
    everything = tuple(task for tasks in kinds.values() for task in tasks)
    single = {task.name: (task,) for task in everything if task.family == 'quantized'}
    return {'all': everything, **kinds, **single, BASELINE: (FLOAT,)}


def _parsed(name: str, known: Dict[str, Tuple[Task, ...]]) -> Task:
    zeros, values = _PRUNED.match(name), _CLUSTERED.match(name)
    if zeros and 0 < float(zeros.group(1)) < 1:
        return pruned(float(zeros.group(1)))
    if values and 2 <= int(values.group(1)) <= 1024:
        return clustered(int(values.group(1)))
    if zeros or values:
        raise OptionError('--tasks: %s: %s' % (name, 'a sparsity is above 0 and below 1' if zeros else
                                               '2 to 1024 values can be shared'))
    raise OptionError('--tasks: no experiment %r%s; there are %s, pruned-<sparsity>-fp32 and clustered-<values>-fp32'
                      % (name, closest_names(name, known), ', '.join(known)))
