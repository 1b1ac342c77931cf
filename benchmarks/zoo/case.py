"""One architecture of the zoo: built, pruned by half, stripped, written, and compared from its files.

`python -m benchmarks.zoo.case NAME FOLDER` prints one line of JSON; `benchmarks.zoo` runs it in a process of its own.
"""

import json
import os
import sys
import time
from collections import Counter
from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np

from benchmarks.zoo.making import build, half
from benchmarks.zoo.models import model_networks
from benchmarks.zoo.network import Built
from benchmarks.zoo.networks import networks
from tf1pruning.channels import Channels, analyse
from tf1pruning.cost import count_cost
from tf1pruning.graph.channels_last import channels_last
from tf1pruning.model.checkpoint import read_meta_graph, save_checkpoint
from tf1pruning.model.frozen import save_frozen
from tf1pruning.model.load import load_model
from tf1pruning.model.model import Model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import quiet, tf, use_tf1_behavior
from tf1pruning.verify import compare


class Timed:
    """Collects the seconds of stages."""

    def __init__(self) -> None:
        self.seconds: Dict[str, float] = {}

    def __call__(self, stage: str, step: Callable[[], Any]) -> Any:
        """Runs a step and notes how long it took."""
        start = time.perf_counter()
        result = step()
        self.seconds[stage] = round(time.perf_counter() - start, 4)
        return result


def measure(name: str, folder: str) -> Dict[str, Any]:
    """Takes one architecture all the way; returns what the table shows.

    Args:
        name: one of `networks()` or `model_networks()`.
        folder: an empty folder for the files.
    """
    network = {**networks(), **model_networks()}[name]
    timed = Timed()
    built = timed('build', lambda: network.made(folder) if network.made is not None else build(network, folder))
    source = timed('load', lambda: load_model(built.path, built.outputs, built.inputs, built.constants))
    model = timed('to_inference', lambda: to_inference(source))
    channels = timed('analyse', lambda: analyse(model))
    plan = timed('plan', lambda: half(channels))
    soft = timed('soft_prune', lambda: soft_prune(model, channels, plan))
    hard = timed('strip', lambda: strip(soft, channels, plan))
    files = timed('write', lambda: write(soft, hard, folder))
    found = timed('verify', lambda: differences(files, built))
    before, after = count_cost(model), count_cost(hard)
    prunable, filters = count_filters(channels)
    return {'name': name, 'family': network.family, 'tensorflow': tf.__version__, 'nodes': len(model.graph.node),
            'groups': len(channels.groups), 'channels_pruned': plan.pruned_count, 'filters': filters,
            'filters_prunable': prunable, 'macs': before.macs, 'macs_after': after.macs,
            'parameters': before.parameters, 'parameters_after': after.parameters, **found,
            'refused': refusals(channels), 'seconds': timed.seconds}


def write(soft: Model, hard: Model, folder: str) -> Tuple[str, str, str]:
    """Writes the soft-pruned model, the stripped one, and the stripped frozen graph; returns their paths."""
    folders = [os.path.join(folder, each) for each in ('soft', 'stripped')]
    for each in folders:
        os.mkdir(each)
    frozen = save_frozen(hard, os.path.join(folder, 'stripped.pb'))
    if soft.frozen:
        return save_frozen(soft, os.path.join(folders[0], 'soft.pb')), frozen, frozen
    return save_checkpoint(soft, folders[0]), save_checkpoint(hard, folders[1]), frozen


def differences(files: Tuple[str, str, str], built: Built) -> Dict[str, float]:
    """Runs what was written with plain TensorFlow and compares element by element.

    `spread` tells by how much the outputs change with the input, relative to their largest number: with none, a
    comparison would say nothing. `last_bit` tells by how much the soft-pruned network itself changes when every number
    of its input becomes the next larger one: what rounding alone may do.
    """
    nudged = {name: np.nextafter(value, np.float32(np.inf)) if value.dtype == np.float32 else value
              for name, value in built.feeds.items()}
    turned = {name: np.flip(value).copy() for name, value in built.feeds.items()}
    soft, near, other = _run(files[0], built, [built.feeds, nudged, turned])
    hard, frozen = _run(files[1], built, [built.feeds])[0], _run(files[2], built, [built.feeds])[0]
    return {'difference': compare(soft, hard, built.outputs).relative,
            'difference_frozen': compare(hard, frozen, built.outputs).relative,
            'last_bit': compare(soft, near, built.outputs).relative,
            'spread': compare(soft, other, built.outputs).relative}


def _run(path: str, built: Built, inputs: Sequence[Dict[str, np.ndarray]]) -> List[List[np.ndarray]]:
    """Runs a file, in NHWC where it is in NCHW, for which a CPU has no kernels."""
    config = tf.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        if path.endswith('.pb'):
            graph_def = tf.GraphDef()
            with open(path, 'rb') as stream:
                graph_def.ParseFromString(stream.read())
            tf.import_graph_def(channels_last(graph_def), name='')
        else:
            meta = read_meta_graph(path + '.meta')
            meta.graph_def.CopyFrom(channels_last(meta.graph_def))
            tf.train.import_meta_graph(meta).restore(session, path)
        return [session.run(list(built.outputs), feeds) for feeds in inputs]


def count_filters(channels: Channels) -> Tuple[int, int]:
    """Counts the filters of all kernels: those in a group, and all; the network's own outputs are not counted."""
    outputs = np.zeros(channels.pinned.size, bool)
    for pin in channels.pins:
        if pin.reason == 'an output of the model':
            outputs[channels.labels[pin.ids]] = True
    grouped = np.zeros(channels.pinned.size, bool)
    for group in channels.groups:
        grouped[group.classes] = True
    made = {(seen.parameters, seen.ids.tobytes()): channels.labels[seen.ids] for seen in channels.produced}
    labels = np.concatenate(list(made.values()) or [np.zeros(0, int)])
    labels = labels[~outputs[labels]]
    return int(grouped[labels].sum()), int(labels.size)


def refusals(channels: Channels) -> List[str]:
    """Lists what pins filters, most frequent first: operation, reason, how often."""
    made = np.zeros(channels.pinned.size, bool)
    for seen in channels.produced:
        made[channels.labels[seen.ids]] = True
    counts = Counter((pin.operation, pin.reason) for pin in channels.pins if pin.reason not in (
        '', 'an output of the model') and made[channels.labels[pin.ids]].any())
    return ['%s %s (%d)' % (*key, count) for key, count in counts.most_common()]


def main(arguments: List[str]) -> None:
    """Measures and prints."""
    quiet()
    use_tf1_behavior()
    print(json.dumps(measure(*arguments)))


if __name__ == '__main__':
    main(sys.argv[1:])
