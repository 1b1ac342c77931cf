"""How much faster networks get for the MACs that are cut, measured on the files that are shipped.

Every network is pruned to 70, 50 and 30 % of its MACs, and to 50 % with what remains of a group being a multiple of 1,
4 and 16 in place of 8; every form is exported, and all files of a network run in turn, in one process. The weights are
random: how long a network takes does not depend on them. *Gain per cut* is the part of the time that went for the part
of the MACs that went: 1.0 where time falls as MACs do.

Run: `python -m benchmarks.latency [--networks ResNet50,…] [--rounds 40] [--formats tflite,pb]`, which writes
`benchmarks/results/latency.json`, where rows of other networks and formats stay, and prints tables in Markdown.
"""

import argparse
import json
import os
import tempfile
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from benchmarks.zoo.making import build
from benchmarks.zoo.network import Network
from benchmarks.zoo.networks import keras_network
from tf1pruning.channels import analyse
from tf1pruning.choice import Selection
from tf1pruning.exports.counts import count_file
from tf1pruning.exports.folded import folded
from tf1pruning.exports.formats import FORMATS, Settings
from tf1pruning.files import write_text
from tf1pruning.graph.inference import Input
from tf1pruning.latency import Row, compare_files
from tf1pruning.model.load import load_model
from tf1pruning.model.model import Model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import quiet, tf, use_tf1_behavior
from train.config import MobileNetV2SEConfig
from train.models import MODELS

RESULTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'results', 'latency.json')


class Form(NamedTuple):
    """How a network is pruned: this part of its MACs remains, in multiples of `align`."""

    macs: float
    align: int


FORMS = (Form(0.7, 8), Form(0.5, 8), Form(0.3, 8), Form(0.5, 1), Form(0.5, 4), Form(0.5, 16))


def mobilenet_v2_se() -> Tuple[tf.Tensor, tf.Tensor]:
    """MobileNetV2 with squeeze-and-excitation for 224×224 images and 1,000 classes."""
    config = MobileNetV2SEConfig(image_size=224, classes=1000)
    images = tf.placeholder(tf.float32, [None, 224, 224, 3], 'images')
    return images, MODELS['mobilenet_v2_se'](images, config, False)


NETWORKS: Dict[str, Callable[[], Network]] = {
    'MobileNetV2+SE': lambda: Network('train', mobilenet_v2_se),
    'MobileNet': lambda: keras_network('MobileNet'),
    'ResNet50': lambda: keras_network('ResNet50'),
    'EfficientNetB0': lambda: keras_network('EfficientNetB0'),
}


def measure(name: str, formats: Sequence[str], rounds: int) -> List[Dict[str, Any]]:
    """Prunes, exports and measures one network; returns a row for each file and number of threads."""
    with tempfile.TemporaryDirectory() as folder:
        built = build(NETWORKS[name](), folder)
        model = to_inference(load_model(built.path, built.outputs, {
            key: Input('', (1, *np.shape(value)[1:])) for key, value in built.feeds.items()}))
        forms: List[Tuple[Optional[Form], Model]] = [(None, model)]
        channels = analyse(model)
        for form in FORMS:
            plan = Selection(Amount(target={'macs': form.macs}, align=form.align, tolerance=0.05),
                             criterion='l1').plan(channels)
            forms.append((form, strip(soft_prune(model, channels, plan), channels, plan)))
        return [row for each in formats for row in _measure_format(name, each, forms, folder, rounds)]


def _measure_format(name: str, form_name: str, forms: Sequence[Tuple[Optional[Form], Model]], folder: str,
                    rounds: int) -> List[Dict[str, Any]]:
    paths: List[str] = []
    for number, (_, model) in enumerate(forms):
        paths.append(os.path.join(folder, '%d_%s' % (number, FORMATS[form_name].file)))
        FORMATS[form_name].write(folded(model), paths[-1], Settings())
    macs = [count_file(path, model.outputs).macs for path, (_, model) in zip(paths, forms)]
    rows = compare_files(paths, rounds, sorted({1, len(os.sched_getaffinity(0))}))
    return [_described(row, name, form_name, *next(
        (form, count) for path, (form, _), count in zip(paths, forms, macs) if path == row.file), macs[0])
            for row in rows]


def _described(row: Row, name: str, form_name: str, form: Optional[Form], macs: int, before: int) -> Dict[str, Any]:
    cut = 1 - macs / before
    gain = None if row.ratio is None else round((1 - row.ratio) / cut, 3)
    return dict(row._asdict(), network=name, format=form_name, bytes=os.path.getsize(row.file), macs=macs,
                macs_cut=round(cut, 4), align=form.align if form else None, gain_per_cut=gain, file=None)


def table(rows: Sequence[Dict[str, Any]]) -> str:
    """Writes one table for each format and number of threads, in Markdown."""
    parts: List[str] = []
    for form_name, threads in dict.fromkeys((row['format'], row['threads']) for row in rows):
        lines = ['| network | million MACs | cut | multiples of | ms | ratio (middle 80 %) | gain per cut | MB |',
                 '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |']
        lines += [_line(row) for row in rows if (row['format'], row['threads']) == (form_name, threads)]
        parts.append('%s, %d thread%s:\n\n%s' % (form_name, threads, 's' * (threads > 1), '\n'.join(lines)))
    return '\n\n'.join(parts)


def _line(row: Dict[str, Any]) -> str:
    if row['ratio'] is None:
        return '| %s | %.0f | | | %.2f | 1 | | %.0f |' % (row['network'], row['macs'] / 1e6, row['median_ms'],
                                                         row['memory_mb'])
    return '| | %.0f | %.0f %% | %d | %.2f | %.3f (%.3f – %.3f) | %.2f | %.0f |' % (
        row['macs'] / 1e6, 100 * row['macs_cut'], row['align'], row['median_ms'], row['ratio'], row['ratio_low'],
        row['ratio_high'], row['gain_per_cut'], row['memory_mb'])


def _earlier() -> List[Dict[str, Any]]:
    """Returns the rows that were measured before."""
    if not os.path.exists(RESULTS):
        return []
    with open(RESULTS) as stream:
        found: List[Dict[str, Any]] = json.load(stream)['rows']
    return found


def main() -> None:
    """Measures the networks asked for and writes what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').splitlines()[0])
    parser.add_argument('--networks', default=','.join(NETWORKS), metavar='NAME[,NAME]')
    parser.add_argument('--formats', default='tflite,pb', metavar='NAME[,NAME]')
    parser.add_argument('--rounds', type=int, default=40)
    args = parser.parse_args()
    quiet()
    use_tf1_behavior()
    networks, formats = args.networks.split(','), args.formats.split(',')
    rows = [row for row in _earlier() if row['network'] not in networks or row['format'] not in formats]
    load = os.getloadavg()[0]
    for name in networks:
        rows += measure(name, formats, args.rounds)
        write_text(RESULTS, json.dumps({'tensorflow': tf.__version__, 'cores': len(os.sched_getaffinity(0)),
                                        'rounds': args.rounds, 'load': [load, os.getloadavg()[0]], 'rows': rows},
                                       indent=1) + '\n')
        print('%s is measured' % name)
    print('\n%s' % table(rows))


if __name__ == '__main__':
    main()
