"""Operations of other libraries."""

import glob
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.cli.conftest import Command
from tf1pruning.model.frozen import load_frozen, save_graph
from tf1pruning.tf1 import tf


def _graph(operation: str) -> tf.GraphDef:
    """A frozen network behind an operation that TensorFlow itself does not have."""
    tf.placeholder(tf.float32, [5, 4, 4, 32], 'image')
    tf.placeholder(tf.float32, [5, 1, 2], 'places')
    x = tf.reshape(tf.placeholder(tf.float32, [5, 1, 32], 'features'), [5, 32])
    for units in (8, 3):
        x = tf.nn.relu(x @ tf.constant(np.random.RandomState(1).uniform(-1, 1, [int(x.shape[1]), units]), tf.float32))
    tf.identity(x, 'output')
    graph = tf.get_default_graph().as_graph_def()
    for node in graph.node:
        if node.name == 'features':
            node.Clear()
            node.name, node.op = 'features', operation
            node.input.extend(['image', 'places'])
            node.attr['T'].type = tf.float32.as_datatype_enum
    return graph


def test_an_operation_that_is_not_loaded(work: str, command: Command) -> None:
    """One line names it, and what to do; another output can do without it."""
    save_graph(_graph('OfMyOwn'), 'net.pb')
    result = command('prune', 'net.pb', '--outputs', 'output', '--ratio', '0.5', '--output', 'out')
    assert result.code == 2
    assert 'the operation OfMyOwn (node features)' in result.err
    assert '--op-library' in result.err
    assert result.err.count('\n') == 1
    assert not os.path.exists('out')


def test_a_library_is_loaded(work: str, command: Command) -> None:
    """The resampler, which TensorFlow 1.15 brings along as a library of its own: it has no rule, so it pins."""
    found = glob.glob(os.path.join(tf.sysconfig.get_lib(), 'contrib', 'resampler', 'python', 'ops', '*.so'))
    if not found:
        pytest.skip('TensorFlow %s brings no library of operations along' % tf.__version__)
    save_graph(_graph('Resampler'), 'net.pb')
    words = [sys.executable, '-m', 'tf1pruning', 'prune', 'net.pb', '--outputs', 'output', '--ratio', '0.5',
             '--output', 'out']  # in a process of its own, which has loaded nothing
    without, loaded = (subprocess.run(words + more, capture_output=True, check=False)
                       for more in ([], ['--op-library', found[0]]))
    assert 'the operation Resampler (node features)' in without.stderr.decode()
    assert loaded.returncode == 0, loaded.stderr.decode()
    shapes = [tf.make_ndarray(node.attr['value'].tensor).shape for node in load_frozen('out/Stripped_Dir/modify.pb')
              .graph.node if node.op == 'Const']
    assert (32, 4) in shapes


@pytest.mark.parametrize(('name', 'problem'), [('missing.so', 'no file'), ('net.pb', 'cannot load')])
def test_a_library_that_is_none(work: str, command: Command, name: str, problem: str) -> None:
    save_graph(_graph('OfMyOwn'), 'net.pb')
    result = command('inspect', 'net.pb', '--outputs', 'output', '--op-library', name)
    assert (result.code, result.err.count('\n')) == (2, 1)
    assert problem in result.err
