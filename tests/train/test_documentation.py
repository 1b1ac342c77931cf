"""The trainer that docs/training.md plugs into the loop, as it stands there."""

import os
import re
import sys
import types
from typing import Any, Dict

import numpy as np
import pytest

from tf1pruning.tf1 import tf

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def example() -> str:
    """Returns the code below the first heading."""
    with open(os.path.join(ROOT, 'docs', 'training.md'), encoding='utf-8') as file:
        found = re.search(r'```python\n(.*?)```', file.read(), re.DOTALL)
    assert found
    return found.group(1)


def model_fn(features: tf.Tensor, labels: tf.Tensor, mode: str) -> tf.estimator.EstimatorSpec:
    """A convolutional network as anybody writes it."""
    x = tf.layers.conv2d(features, 48, 3, 2, activation=tf.nn.relu, name='first')
    x = tf.layers.conv2d(x, 64, 3, 2, activation=tf.nn.relu, name='second')
    logits = tf.layers.dense(tf.layers.flatten(x), 10)
    logits = tf.identity(logits, 'logits')
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    metrics = {'accuracy': tf.metrics.accuracy(labels, tf.argmax(logits, 1))}
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_or_create_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op, eval_metric_ops=metrics)


def batches(seed: int) -> tf.data.Dataset:
    """Squares at ten places."""
    random = np.random.RandomState(seed)
    labels = random.randint(0, 10, 64)
    images = random.uniform(size=(64, 28, 28, 1)).astype(np.float32)
    for image, label in zip(images, labels):
        image[label * 2:label * 2 + 6] += 2
    return tf.data.Dataset.from_tensor_slices((images, labels)).repeat(20).batch(32)


def test_at_most_twenty_lines() -> None:
    lines = [line for line in example().splitlines() if line.strip() and not line.startswith(('import', 'from'))]
    assert len(lines) <= 20


def test_it_runs(tmp_path: Any, monkeypatch: Any, capsys: Any) -> None:
    project: Any = types.ModuleType('my_project')
    project.model_fn, project.STEPS = model_fn, 10
    project.train_input_fn, project.validation_input_fn = lambda: batches(0), lambda: batches(1).take(2)
    monkeypatch.setitem(sys.modules, 'my_project', project)
    monkeypatch.chdir(tmp_path)
    tf.estimator.Estimator(model_fn, 'dense').train(project.train_input_fn, max_steps=30)
    names: Dict[str, Any] = {}
    exec(compile(example(), 'docs/training.md', 'exec'), names)  # pylint: disable=exec-used
    result = names['result']
    assert [each['failed_rate'] for each in result.attempts] == [0.0] * len(result.attempts)
    assert result.baseline['accuracy'] > 0.5
    assert result.stripped['macs']['after'] == pytest.approx(0.5 * result.stripped['macs']['before'], rel=0.05)
    assert 'MACs became' in capsys.readouterr().out
    assert os.path.getsize('pruned/stripped/Stripped_Dir/modify.pb') > 0
