"""Writes the tables of decompositions in `docs/results.md` from the results that are there.

Run: `python -m benchmarks.lowrank.table`.
"""

import json
import os
from typing import Any, Dict, List

import numpy as np

from benchmarks.lowrank.__main__ import RESULTS
from tf1pruning.files import write_text
from tf1pruning.lowrank.costs import KINDS

PAGE = os.path.join(os.path.dirname(RESULTS), '..', '..', 'docs', 'results.md')
BEGIN, END = '<!-- decomposition: made by benchmarks.lowrank.table -->', '<!-- end of decomposition -->'
COMMAND = '    python -m benchmarks.lowrank %s --models DIR --data DIR --network NETWORK\n'


def read(step: str) -> Dict[str, Any]:
    """Returns the results of a step, by key."""
    path = RESULTS % step
    if not os.path.exists(path):
        return {}
    with open(path) as stream:
        return {key: each['value'] for key, each in json.load(stream).items()}


def errors() -> List[str]:
    """One row for each part of the cost that is kept."""
    rows = ['| network | cost kept of every layer | hybrid | tucker | spars | layers where hybrid is nearest |',
            '|---|---:|---:|---:|---:|---:|']
    for key, layers in read('errors').items():
        network, share = key.split()
        means = ['%.3f' % np.mean([each[kind] for each in layers.values()]) for kind in KINDS]
        nearest = sum(each['hybrid'] < min(each['tucker'], each['spars']) for each in layers.values())
        rows.append('| %s | %.0f %% | %s | %d of %d |' % (network, 100 * float(share), ' | '.join(means), nearest,
                                                          len(layers)))
    return ['### Error at equal cost', '', 'Relative error of the kernels, the mean over all layers.', '',
            COMMAND % 'errors', *rows]


def accuracies() -> List[str]:
    """One row for each factor, way to share it out, and kind."""
    found = read('accuracy')
    rows = ['| network | kept | shared out | kind | summed error | accuracy |', '|---|---:|---|---|---:|---:|']
    for key in sorted(found, key=lambda key: (key.split()[0], -float(key.split()[3]), key.split()[2], key)):
        network, kind, allocation, factor = key.split()
        row = found[key]
        rows.append('| %s | %.1f %% of %s | %s | %s | %.2f | %.1f %% |' % (
            network, 100 * row['kept'], 'the MACs', allocation, kind, row['summed_error'], 100 * row['after']))
    first = next(iter(found.values()), {'before': 0, 'examples': 0})
    return ['### Accuracy against cost, without data, before any training', '', 'On %d test images, spread evenly; the '
            'network as it is has %.1f %% of them right.' % (first['examples'], 100 * first['before']), '',
            COMMAND % 'accuracy', *rows]


def searches() -> List[str]:
    """One row for each kind."""
    rows = ['| network | kind | loss allowed | examples | kept | searched on | reported on | put back | evaluations |',
            '|---|---|---:|---:|---:|---|---|---:|---:|']
    for key, row in read('search').items():
        network, kind, loss, count = key.split()
        halves = ['%.1f → %.1f %%' % (100 * row[half]['before'], 100 * row[half]['after'])
                  for half in ('searched', 'reported')]
        rows.append('| %s | %s | %.0f %% | %s | %.1f %% | %s | %d | %d |' % (
            network, kind, 100 * float(loss), count, 100 * row['kept'], ' | '.join(halves), row['undone'],
            row['evaluations']))
    return ['### Cost at a given loss of accuracy', '', COMMAND % 'search', *rows]


def finetunings() -> List[str]:
    """One row for each kind, without data and by the loss of accuracy."""
    found = read('finetune')
    rows = ['| network | chosen by | kind | MACs kept | summed error | before | after | updates |',
            '|---|---|---|---:|---:|---:|---:|---:|']
    for key in sorted(found, key=lambda key: (key.split()[0], 'as it is' not in key, 'fixed_loss' in key, key)):
        (network, how), row = key.split(' ', 1), found[key]
        if how == 'as it is':
            rows.append('| %s | as it is | | | | %.2f %% | | |' % (network, 100 * row['before']))
            continue
        kind, method, amount = how.split()
        chosen = '%s %s' % (method, amount) if method == 'fixed_loss' else 'fixed_params %s, %s' % (amount, method)
        rows.append('| %s | %s | %s | %.1f %% | %.2f | %.2f %% | %.2f %% | %d |' % (
            network, chosen, kind, 100 * row['kept'], row['summed_error'], 100 * row['before'], 100 * row['after'],
            row['updates']))
    return ['### Accuracy before and after training on', '', 'On all 10,000 test images, after the last update of '
            '`configs/finetuning/cifar10_decomposed_resnet.yaml`,', 'zeros held, with bfloat16. The searches of '
            'fixed_loss chose on 600 of these images.', '', COMMAND % 'finetune', *rows]


def latencies() -> List[str]:
    """One row for each order."""
    rows = ['| network | setting | ms | of the network as it is |', '|---|---|---:|---:|']
    for network, found in read('latency').items():
        for name, (ms, ratio) in found.items():
            rows.append('| %s | %s | %.2f | %s |' % (network, name, ms, '' if ratio is None else '%.2f' % ratio))
    return ['### Latency', '', 'TFLite, one thread, one image, batch norms folded where they can be.', '',
            COMMAND % 'latency', *rows]


def main() -> None:
    """Replaces what stands between the marks."""
    with open(PAGE) as stream:
        before, rest = stream.read().split(BEGIN)
    sections = {'errors': errors, 'accuracy': accuracies, 'search': searches, 'finetune': finetunings,
                'latency': latencies}
    tables = '\n\n'.join('\n'.join(section()) for step, section in sections.items() if read(step))
    write_text(PAGE, '%s%s\n\n%s\n\n%s%s' % (before, BEGIN, tables, END, rest.split(END)[1]))


if __name__ == '__main__':
    main()
