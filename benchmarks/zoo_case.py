"""One architecture of the zoo: built, pruned by half, stripped, written, and compared from its files.

`python -m benchmarks.zoo_case NAME FOLDER` prints one line of JSON; `benchmarks.zoo` runs it in a process of its own.
"""

import json
import os
import sys
import time
from collections import Counter
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from benchmarks.zoo_networks import Network, networks
from benchmarks.zoo_weights import calibrated, random_weights
from tf1pruning.channels import Channels, analyse
from tf1pruning.choice import choose
from tf1pruning.cost import count_cost
from tf1pruning.graph.inference import Input
from tf1pruning.model.checkpoint import load_checkpoint, save_checkpoint, write_tensors
from tf1pruning.model.frozen import save_frozen
from tf1pruning.model.model import Model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import PruningPlan
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import quiet, tf, use_tf1_behavior
from tf1pruning.verify import compare

BATCH = 2


class Built(NamedTuple):
    """A network on disk.

    Attributes:
        prefix: its checkpoint.
        source: name of the input tensor.
        output: name of the tensor to compare: the logits, where the network ends in a softmax.
        feeds: what to run it with.
    """

    prefix: str
    source: str
    output: str
    feeds: Dict[str, np.ndarray]


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
        name: one of `networks()`.
        folder: an empty folder for the files.
    """
    network = networks()[name]
    timed = Timed()
    built = timed('build', lambda: build(network, folder))
    source = timed('load', lambda: load_checkpoint(built.prefix, (built.output,), {built.source: Input()}))
    model = timed('to_inference', lambda: to_inference(source))
    channels = timed('analyse', lambda: analyse(model))
    plan = timed('plan', lambda: half(channels))
    soft = timed('soft_prune', lambda: soft_prune(model, channels, plan))
    hard = timed('strip', lambda: strip(soft, channels, plan))
    files = timed('write', lambda: write(soft, hard, folder))
    found = timed('verify', lambda: differences(files, built) if network.runs else {})
    before, after = count_cost(model), count_cost(hard)
    prunable, filters = count_filters(channels)
    return {'name': name, 'family': network.family, 'tensorflow': tf.__version__, 'nodes': len(model.graph.node),
            'groups': len(channels.groups), 'channels_pruned': plan.pruned_count, 'filters': filters,
            'filters_prunable': prunable, 'macs': before.macs, 'macs_after': after.macs,
            'parameters': before.parameters, 'parameters_after': after.parameters, **found,
            'refused': refusals(channels), 'seconds': timed.seconds}


def half(channels: Channels) -> PruningPlan:
    """Chooses half of every group, whatever multiple that is."""
    return choose(channels, channels.groups, Amount(ratio=0.5, align=1), 'l1')


def build(network: Network, folder: str) -> Built:
    """Builds a network and writes its checkpoint, without a session; then lets its statistics fit its weights."""
    random = np.random.RandomState(0)
    prefix = os.path.join(folder, 'model.ckpt')
    with tf.Graph().as_default() as graph:
        source, output = network.build()
        if output.op.type == 'Softmax':
            output = output.op.inputs[0]
        values = random_weights(random, graph, tf.global_variables())
        tf.train.Saver().export_meta_graph(prefix + '.meta')
        feeds = {source.name: example(random, [size or BATCH for size in source.shape.as_list()], network.scale)}
    built = Built(prefix, source.name, output.name, feeds)
    write_tensors(prefix, [(name, '', value) for name, value in values.items()])
    if network.runs:
        model = to_inference(load_checkpoint(prefix, (output.name,), {source.name: Input()}))
        channels = analyse(model)
        values.update(calibrated(soft_prune(model, channels, half(channels)), feeds, random))
        write_tensors(prefix, [(name, '', value) for name, value in values.items()])
    return built


def example(random: np.random.RandomState, shape: Sequence[int], scale: float) -> np.ndarray:
    """Draws a batch of inputs that differ as photographs do, coarsely and in colour, not only in their noise."""
    coarse = [min(size, 4) if 0 < axis < len(shape) - 1 else size for axis, size in enumerate(shape)]
    values = random.uniform(0, 1, coarse)
    for axis, size in enumerate(shape):
        values = np.repeat(values, -(-size // values.shape[axis]), axis).take(range(size), axis)
    return (scale * (0.8 * values + 0.2 * random.uniform(0, 1, shape))).astype(np.float32)


def write(soft: Model, hard: Model, folder: str) -> Tuple[str, str, str]:
    """Writes the soft-pruned checkpoint, the stripped one, and the stripped frozen graph; returns their paths."""
    folders = [os.path.join(folder, each) for each in ('soft', 'stripped')]
    for each in folders:
        os.mkdir(each)
    return (save_checkpoint(soft, folders[0]), save_checkpoint(hard, folders[1]),
            save_frozen(hard, os.path.join(folder, 'stripped.pb')))


def differences(files: Tuple[str, str, str], built: Built) -> Dict[str, float]:
    """Runs what was written with plain TensorFlow and compares element by element.

    `spread` tells by how much the output changes with the input, relative to its largest number: with none, a
    comparison would say nothing. `last_bit` tells by how much the soft-pruned network itself changes when every number
    of its input becomes the next larger one: what rounding alone may do.
    """
    nudged = {name: np.nextafter(value, np.float32(np.inf)) for name, value in built.feeds.items()}
    soft, other = _run_checkpoint(files[0], built, [built.feeds, nudged])
    hard, frozen = _run_checkpoint(files[1], built, [built.feeds])[0], _run_frozen(files[2], built)
    spread = float(np.abs(soft[0] - soft[-1]).max() / (np.abs(soft).max() + 1e-12))
    return {'difference': compare([soft], [hard], [built.output]).relative,
            'difference_frozen': compare([hard], [frozen], [built.output]).relative,
            'last_bit': compare([soft], [other], [built.output]).relative, 'spread': spread}


def _session() -> tf.Session:
    config = tf.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return tf.Session(config=config)


def _run_checkpoint(prefix: str, built: Built, inputs: Sequence[Dict[str, np.ndarray]]) -> List[np.ndarray]:
    with tf.Graph().as_default(), _session() as session:
        tf.train.import_meta_graph(prefix + '.meta').restore(session, prefix)
        return [session.run(built.output, feeds) for feeds in inputs]


def _run_frozen(path: str, built: Built) -> np.ndarray:
    graph_def = tf.GraphDef()
    with open(path, 'rb') as stream:
        graph_def.ParseFromString(stream.read())
    with tf.Graph().as_default(), _session() as session:
        tf.import_graph_def(graph_def, name='')
        return session.run(built.output, built.feeds)


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
