"""What `fold` takes from a CIFAR-10 network that sees examples, and the accuracy that is left, without any training.

By the part of every group that changes least, and by searches under an accuracy floor on the examples; the accuracy is
that on images which neither of them has seen.

Run: `python -m benchmarks.folding --model MODEL --calibration TRAINING_IMAGES --test TEST_IMAGES`, which writes
`benchmarks/results/folding.json` and prints a table in Markdown.
"""

import json
import os
from typing import Any, Dict, List, Sequence

from benchmarks.cifar10 import SCALING, accuracy, parser_of
from tf1pruning.activations import Calibration
from tf1pruning.calibration import inputs_of
from tf1pruning.channels import analyse
from tf1pruning.cost import count_cost
from tf1pruning.evaluation import load_labelled
from tf1pruning.files import write_text
from tf1pruning.model.load import load_model
from tf1pruning.model.model import Model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.restructuring import FoldOrder, restructure
from tf1pruning.tf1 import quiet

RESULTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'results', 'folding.json')


def counted(model: Model) -> Dict[str, int]:
    """Returns how large a model is."""
    cost = count_cost(model)
    return {'parameters': cost.parameters, 'macs': cost.macs}


def table(rows: Sequence[Dict[str, Any]]) -> str:
    """Shows it in Markdown."""
    lines = ['| `fold` | channels that go | parameters | MACs | accuracy |', '|---|---|---|---|---|']
    return '\n'.join(lines + ['| {setting} | {channels} | {parameters:,} | {macs:,} | {0:.1f} % |'.format(
        100 * row['accuracy'], **row) for row in rows])


def main() -> None:
    """Folds with every setting."""
    parser = parser_of(__doc__, 1000, 'deviations and searches see')
    parser.add_argument('--percentiles', default='7,13')
    parser.add_argument('--losses', default='0.005,0.01,0.02', help='that searches may spend')
    args = parser.parse_args()
    quiet()
    channels = analyse(to_inference(load_model(args.model, args.outputs.split(','))))
    seen, unseen = (load_labelled(path, inputs_of(channels.model), count, SCALING) for path, count in (
        (args.calibration, args.examples), (args.test, args.images)))
    calibration = Calibration(args.calibration, args.examples, SCALING)
    orders = {'`--percentile %s`' % each: FoldOrder(percentile=float(each)) for each in args.percentiles.split(',')}
    orders.update({'`--search --max-acc-loss %s`' % each: FoldOrder(search=True, max_accuracy_loss=float(each))
                   for each in args.losses.split(',')})
    rows: List[Dict[str, Any]] = [{'setting': '', 'channels': 0, 'accuracy': accuracy(channels.model, unseen),
                                   **counted(channels.model)}]
    for setting, order in orders.items():
        found = restructure(channels, order, calibration, seen)
        rows.append({'setting': setting, 'channels': found.decision.plan.pruned_count,
                     'accuracy': accuracy(found.model, unseen), 'examples': found.record.get('accuracy'),
                     **counted(found.model)})
        print(table(rows[-1:]).splitlines()[-1], flush=True)
        write_text(RESULTS, json.dumps(rows, indent=1) + '\n')
    print(table(rows))


if __name__ == '__main__':
    main()
