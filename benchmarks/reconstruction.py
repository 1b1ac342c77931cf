"""Accuracy right after pruning, without any training: with what reads pruned channels as it was, and fitted.

Every group of channels of a CIFAR-10 network loses the same part; the fit sees training images without their labels.

Run: `python -m benchmarks.reconstruction --model MODEL --calibration TRAINING_IMAGES --test TEST_IMAGES`, which writes
`benchmarks/results/reconstruction.json` and prints a table in Markdown.
"""

import json
import os
import time
from typing import Any, Dict, List, Sequence

from benchmarks.cifar10 import SCALING, accuracy, parser_of
from tf1pruning.activations import Calibration
from tf1pruning.calibration import inputs_of
from tf1pruning.channels import Channels, analyse
from tf1pruning.choice import Selection
from tf1pruning.evaluation import Labelled, load_labelled
from tf1pruning.files import write_text
from tf1pruning.model.load import load_model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.pipeline import reconstructed
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import quiet
from tf1pruning.weights import with_values

RESULTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'results', 'reconstruction.json')


def measured(channels: Channels, selection: Selection, labelled: Labelled) -> Dict[str, Any]:
    """Prunes, fits and measures."""
    plan = selection.plan(channels)
    soft = soft_prune(channels.model, channels, plan)
    start = time.perf_counter()
    found = reconstructed(channels, plan, selection)
    return {'criterion': selection.criterion, 'ratio': selection.amount.ratio, 'pruned': accuracy(soft, labelled),
            'fitted': accuracy(with_values(soft, found.values), labelled),
            'seconds': round(time.perf_counter() - start, 1), 'layers': [each._asdict() for each in found.layers]}


def table(original: float, rows: Sequence[Dict[str, Any]]) -> str:
    """Shows it in Markdown."""
    lines = ['| criterion | part of every group that goes | accuracy | fitted |', '|---|---|---|---|',
             '| | 0 | %.1f %% | |' % (100 * original)]
    lines += ['| {} | {:g} % | {:.1f} % | {:.1f} % |'.format(
        row['criterion'], 100 * row['ratio'], 100 * row['pruned'], 100 * row['fitted']) for row in rows]
    return '\n'.join(lines)


def main() -> None:
    """Runs all of them."""
    parser = parser_of(__doc__, 256, 'the fit sees')
    parser.add_argument('--criteria', default='l1,apoz')
    parser.add_argument('--ratios', default='0.125,0.25,0.375')
    args = parser.parse_args()
    quiet()
    channels = analyse(to_inference(load_model(args.model, args.outputs.split(','))))
    labelled = load_labelled(args.test, inputs_of(channels.model), args.images, SCALING)
    calibration = Calibration(args.calibration, args.examples, SCALING)
    original = accuracy(channels.model, labelled)
    rows: List[Dict[str, Any]] = []
    for criterion in args.criteria.split(','):
        for ratio in (float(each) for each in args.ratios.split(',')):
            selection = Selection(Amount(ratio=ratio, align=1), criterion=criterion, calibration=calibration,
                                  reconstruct=True)
            rows.append(measured(channels, selection, labelled))
            print(table(original, rows[-1:]).splitlines()[-1], '%.0f s' % rows[-1]['seconds'], flush=True)
            write_text(RESULTS, json.dumps({'original': original, 'rows': rows}, indent=1) + '\n')
    print(table(original, rows))


if __name__ == '__main__':
    main()
