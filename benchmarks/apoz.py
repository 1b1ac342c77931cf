"""The experiment of structured pruning by activations: accuracy and time of a network at three stages, and a picture.

Run: `python -m benchmarks.apoz --data MNIST --stages original=A.pb,pruned=B.pb,fine-tuned=C.pb`, which writes
`benchmarks/results/apoz.json` and `pic/apoz.png` and prints a table in Markdown. The frozen graphs come from
`configs/pipelines/apoz_fashion_mnist.yaml` and `tf1pruning export`; docs/activations.md has all commands.
"""

import argparse
import json
import os
from typing import Any, Dict, List, Sequence

import numpy as np

from tf1pruning.calibration import Scaling, inputs_of
from tf1pruning.cost import count_cost
from tf1pruning.evaluation import Evaluator, load_labelled
from tf1pruning.extras import need
from tf1pruning.files import write_text
from tf1pruning.model.frozen import load_frozen
from tf1pruning.tf1 import quiet
from tf1pruning.weights import weight_tensors
from train.measure import Frozen

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join(ROOT, 'benchmarks', 'results', 'apoz.json')
PICTURE = os.path.join(ROOT, 'pic', 'apoz.png')
SCALING = Scaling((72.94,), (90.02,))
ROUNDS = 300


def measured(name: str, path: str, data: str) -> Dict[str, Any]:
    """Counts a frozen graph and classifies the test images with it."""
    model = load_frozen(path, ('logits',))
    cost = count_cost(model)
    labelled = load_labelled(data, inputs_of(model), None, SCALING)
    with Evaluator(model, labelled) as evaluator:
        accuracy = evaluator.evaluate().accuracy
    outputs = {each.name: each.shape[each.output_axis] for each in weight_tensors(model).values()}
    return {'stage': name, 'parameters': cost.parameters, 'macs': cost.macs, 'accuracy': accuracy, 'layers': outputs,
            'bytes': os.path.getsize(path)}


def milliseconds(networks: Sequence[Frozen]) -> List[float]:
    """Times one image in each network, in turn: the least of all calls, since other programs only add to it."""
    image = np.zeros((1, 28, 28, 1), np.float32)
    seconds = [[network.seconds(image) for network in networks] for _ in range(ROUNDS)]
    return [float(each) * 1e3 for each in np.min(seconds, axis=0)]


def draw(rows: Sequence[Dict[str, Any]], path: str) -> None:
    """Draws every layer as a bar of as many channels as it has, before and after."""
    plt = need('matplotlib.pyplot', 'plots', 'the picture')
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), gridspec_kw={'width_ratios': [3, 2]})
    names = [name.split('/')[-2] for name in rows[0]['layers']]
    places = np.arange(len(names))
    for offset, row, colour in ((-0.2, rows[0], '#9aa5b1'), (0.2, rows[1], '#2f6f9f')):
        counts = list(row['layers'].values())
        axes[0].bar(places + offset, counts, 0.38, color=colour, label='%s: %s parameters' % (
            row['stage'], f"{row['parameters']:,}"))
        for place, count in zip(places, counts):
            axes[0].text(place + offset, count * 1.08, str(count), ha='center', fontsize=8)
    axes[0].set_yscale('log')
    axes[0].set_ylim(top=axes[0].get_ylim()[1] * 4)
    axes[0].set_xticks(places)
    axes[0].set_xticklabels(names)
    axes[0].set_ylabel('channels')
    axes[0].legend(frameon=False, fontsize=8, loc='upper left')
    stages = [row['stage'] for row in rows]
    axes[1].bar(stages, [100 * row['accuracy'] for row in rows], 0.5, color=['#9aa5b1', '#2f6f9f', '#2f6f9f'])
    for place, row in enumerate(rows):
        axes[1].text(place, 100 * row['accuracy'] + 1, '%.2f %%\n%.2f ms' % (100 * row['accuracy'], row['ms']),
                     ha='center', fontsize=8)
    axes[1].set_ylim(0, 118)
    axes[1].set_ylabel('accuracy, %')
    for each in axes:
        each.spines['top'].set_visible(False)
        each.spines['right'].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def table(rows: Sequence[Dict[str, Any]]) -> str:
    """Shows it in Markdown."""
    lines = ['| stage | parameters | MACs | accuracy | ms per image | bytes of the .pb |', '|---|---|---|---|---|---|']
    return '\n'.join(lines + ['| {stage} | {parameters:,} | {macs:,} | {0:.2f} % | {ms:.2f} | {bytes:,} |'.format(
        100 * row['accuracy'], **row) for row in rows])


def main() -> None:
    """Measures all stages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', required=True, help='test images, an IDX file with its labels beside it')
    parser.add_argument('--stages', required=True, metavar='NAME=FILE[,NAME=FILE]')
    args = parser.parse_args()
    quiet()
    stages = dict(each.split('=', 1) for each in args.stages.split(','))
    rows: List[Dict[str, Any]] = [measured(name, path, args.data) for name, path in stages.items()]
    networks = [Frozen(path, next(iter(inputs_of(load_frozen(path)))).split(':')[0]) for path in stages.values()]
    for row, least in zip(rows, milliseconds(networks)):
        row['ms'] = least
    write_text(RESULTS, json.dumps(rows, indent=1) + '\n')
    draw(rows, PICTURE)
    print(table(rows))


if __name__ == '__main__':
    main()
