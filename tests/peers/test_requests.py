"""What users of all pruning systems ask for, in one go: from a bare checkpoint to files that are smaller, equal and
train on, by commands alone.
"""

import json
import os
from typing import Any, Dict

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import IMAGE, Dialect, conv, image
from tests.peers.pruned import measured_macs, shapes_of
from tf1pruning.cli import main
from tf1pruning.tf1 import tf

ONE = plain.feeds_for({'image': (1,) + IMAGE[1:]})
DATA = '.data-00000-of-00001'


def _network() -> tf.Tensor:
    """A residual sum, a gate, branches side by side, and an operation that nobody wrote a rule for."""
    dialect = Dialect('layers', training=True)
    x = conv(image(), 16, 'stem', 3, 2, dialect)
    x = builders.inverted_residual(x, 16, 'block', squeeze=8, dialect=dialect)
    x = tf.nn.relu(x + conv(x, 16, 'beside', 3, dialect=dialect))
    x = tf.concat([conv(x, 12, 'left', dialect=dialect), conv(x, 8, 'right', 3, dialect=dialect)], 3)
    x = tf.cumsum(conv(x, 6, 'summed', dialect=dialect), 3)
    return builders.head(conv(x, 16, 'last', dialect=dialect))


def _train(folder: Any) -> str:
    """Trains a few steps with Adam; what stays of it is a checkpoint."""
    with tf.Graph().as_default(), plain.new_session() as session:
        tf.set_random_seed(1)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.placeholder(tf.int64, [None], 'labels'), logits=_network()))
        tf.add_to_collection('losses', loss)
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            step = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_or_create_global_step())
        tf.group(step, name='train_op')
        session.run(tf.global_variables_initializer())
        for number in range(3):
            session.run('train_op', builders.training_feeds(number))
        return tf.train.Saver().save(session, os.path.join(str(folder), 'model.ckpt'), 3)


@pytest.fixture(name='run')
def make_run(capsys: Any) -> Any:
    """Runs a command that must go well; returns the JSON that it prints, if it is to print any."""
    def run(*words: str) -> Dict[str, Any]:
        capsys.readouterr()
        assert main.main(main.parse(['tf1pruning', *words])) == 0
        return json.loads(capsys.readouterr().out) if '--json' in words else {}
    return run


def test_everything_that_users_ask_for(tmp_path: Any, run: Any) -> None:
    """By the numbers of the list."""
    prefix, outputs = _train(tmp_path), ('--outputs', 'output')
    soft, hard, files = (str(tmp_path / name) for name in ('soft', 'hard', 'files'))

    # 4. No bookkeeping of couplings by hand, no crash on an unknown operation, but a reason.
    found = run('inspect', prefix, *outputs, '--json')
    assert [pin['reason'] for pin in found['pinned'] if pin['operation'] == 'Cumsum'] == ['no rule for this operation']
    run('soft-prune', prefix, *outputs, '--ratio', '0.5', '--align', '4', '--output', soft)
    soft_prefix = os.path.join(soft, 'Pruned_Dir', 'model.ckpt-3')
    report = run('strip', soft_prefix, '--plan', soft + '/plan.json', *outputs, '--output', hard, '--json')
    hard_prefix = os.path.join(hard, 'Stripped_Dir', 'model.ckpt-3')

    # 6. Multiples of four that do something.
    with open(soft + '/plan.json') as stream:
        groups = json.load(stream)['groups']
    assert [len(group['kept']) for group in groups] == [8, 24, 4, 8, 4, 8]
    assert [group['size'] for group in groups] == [16, 48, 8, 12, 8, 16]

    # 3. A frozen graph, from files alone, and from that another one. 1. Smaller and faster in what is shipped.
    paths = [os.path.join(files, name, 'model.pb') for name in ('before', 'soft', 'hard')]
    for source, path in zip((prefix, soft_prefix, hard_prefix), paths):
        run('export', source, *outputs, '--output', os.path.dirname(path))
    run('prune', paths[2], *outputs, '--ratio', '0.5', '--align', '2', '--output', files + '/again')
    paths.append(files + '/again/Stripped_Dir/modify.pb')
    sizes, macs = [os.path.getsize(path) for path in paths], [measured_macs(path, ONE) for path in paths]
    assert report['macs'] == {'before': macs[0], 'after': macs[2]}
    assert sizes[3] < sizes[2] < sizes[1]
    assert macs[3] < macs[2] < 0.5 * macs[1]
    assert os.path.getsize(hard_prefix + DATA) < 0.6 * os.path.getsize(prefix + DATA)

    # 2. Stripped equals masked.
    run('verify', soft_prefix, hard_prefix, *outputs)
    before, masked, stripped = (plain.run_frozen(path, ['output'], plain.feeds_for({'image': IMAGE}))[0]
                                for path in paths[:3])
    assert plain.relative(masked, stripped) <= 1e-5
    assert plain.relative(before, masked) > 1e-3

    # 5. Save, reload, go on training, with the optimizer's state.
    losses = []
    for name, source in (('soft', soft_prefix), ('hard', hard_prefix)):
        (tmp_path / name / 'next').mkdir()
        loss, values = plain.train_step(source, builders.training_feeds(9), str(tmp_path / name / 'next'))
        losses.append(loss)
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert values['global_step'] == 4
    assert shapes_of(hard_prefix) == {name: value.shape for name, value in values.items()}
    assert values['block/expand/kernel/Adam'].shape == values['block/expand/kernel'].shape == (1, 1, 8, 24)
    assert np.abs(values['block/expand/kernel/Adam']).min() > 0
