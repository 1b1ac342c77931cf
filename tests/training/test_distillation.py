"""The gradient with the wrapper is that of the combined loss written by hand; nothing else of the model_fn changes."""

import functools
from typing import Any, Callable, Dict, List

import numpy as np
import pytest

from tests.training.classifier import NETWORK, Watch, forward, input_fn, model_fn, run_steps, train
from tf1pruning.channels import analyse
from tf1pruning.choice import Selection
from tf1pruning.errors import NameNotFoundError, OptionError, UnsupportedError
from tf1pruning.model.checkpoint import load_checkpoint
from tf1pruning.model.frozen import frozen_graph, load_frozen, save_frozen
from tf1pruning.model.model import Model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf
from tf1pruning.training import with_distillation

ALPHA, TEMPERATURE = 0.7, 3.0


@pytest.fixture(scope='module')
def dense(tmp_path_factory: Any) -> Model:
    """A trained network."""
    with tf.Graph().as_default():
        prefix = train(tmp_path_factory.mktemp('dense'), 20)
    return load_checkpoint(prefix, NETWORK.outputs, NETWORK.inputs)


def by_hand(teacher: Model, features: tf.Tensor, labels: tf.Tensor, mode: str) -> tf.estimator.EstimatorSpec:
    """The classifier with the combined loss spelled out, from probabilities."""
    logits = forward(features)
    expected, = tf.import_graph_def(frozen_graph(to_inference(teacher)), {'image:0': features}, ['output:0'])
    wanted, given = tf.nn.softmax(expected / TEMPERATURE), tf.nn.softmax(logits / TEMPERATURE)
    divergence = tf.reduce_mean(tf.reduce_sum(wanted * (tf.log(wanted) - tf.log(given)), 1))
    own = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    loss = (1 - ALPHA) * own + ALPHA * TEMPERATURE ** 2 * divergence
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def one_step(function: Any) -> Dict[str, np.ndarray]:
    """All variables after a step from the same random weights."""
    watch = Watch()
    run_steps(1, [watch], function)
    return watch.values[0]


def assert_same(first: Dict[str, np.ndarray], second: Dict[str, np.ndarray]) -> None:
    """Whether variables agree, those of a name in both."""
    common = set(first) & set(second)
    assert {'stem/kernel', 'logits/bias', 'block/expand/bn/gamma/Momentum'} < common
    for name in common:
        np.testing.assert_allclose(first[name], second[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_the_step_is_that_of_the_combined_loss(dense: Model) -> None:
    """A step of the wrapped model_fn is one by hand, and not one of the bare model_fn."""
    wrapped = one_step(with_distillation(model_fn, dense, 'output', ALPHA, TEMPERATURE))
    hand = one_step(lambda features, labels, mode: by_hand(dense, features, labels, mode))
    bare = one_step(model_fn)
    assert_same(wrapped, hand)
    assert np.abs(wrapped['logits/kernel'] - bare['logits/kernel']).max() > 1e-3


def test_teacher_from_a_frozen_graph(dense: Model, tmp_path: Any) -> None:
    """A `.pb` teaches the same; its placeholder is told what to read."""
    path = save_frozen(to_inference(dense), str(tmp_path / 'dense.pb'))
    teacher = load_frozen(path, ('output',))
    wrapped = with_distillation(model_fn, teacher, 'output', ALPHA, TEMPERATURE, {'image': 'IteratorGetNext'})
    reference = with_distillation(model_fn, dense, 'output', ALPHA, TEMPERATURE)
    assert_same(one_step(wrapped), one_step(reference))


def test_weights_are_neither_saved_nor_written_into_the_graph(dense: Model, tmp_path: Any) -> None:
    """The checkpoint holds what it would hold without a teacher; the training graph strips as it would."""
    function = with_distillation(model_fn, dense, 'output')
    model = load_checkpoint(train(tmp_path, 1, function=function), NETWORK.outputs, NETWORK.inputs)
    assert set(model.weights) == set(dense.weights)
    sizes = [np.prod([each.size for each in node.attr['value'].tensor.tensor_shape.dim])
             for node in model.graph.node if node.op == 'Const' and node.name.startswith('teacher/')]
    assert len(sizes) > 10
    assert max(sizes) <= 256
    channels = analyse(to_inference(model))
    plan = Selection(Amount(ratio=0.5, align=2)).plan(channels)
    assert strip(soft_prune(model, channels, plan), channels, plan).variables['last/kernel'].shape[3] == 8


def test_evaluation_and_prediction_have_no_teacher(dense: Model, tmp_path: Any) -> None:
    """Outside of training the model_fn is as it was."""
    function = with_distillation(model_fn, dense, 'output')
    prefix = train(tmp_path, 1, function=function)
    losses = [tf.estimator.Estimator(each, str(tmp_path)).evaluate(input_fn, steps=2, checkpoint_path=prefix)['loss']
              for each in (function, model_fn)]
    assert losses[0] == losses[1]
    with tf.Graph().as_default() as graph:
        function(features=tf.zeros([1, 8, 8, 3]), labels=tf.zeros([1], tf.int64), mode=tf.estimator.ModeKeys.EVAL)
        assert not any(op.name.startswith('teacher') for op in graph.get_operations())


class Scaled(tf.train.GradientDescentOptimizer):
    """An optimizer that scales its loss, as those for half precision do."""

    def compute_gradients(self, loss: tf.Tensor, *args: Any, **kwargs: Any) -> List[Any]:
        """Scales the loss, and the gradients back."""
        return [(gradient / 64, variable) for gradient, variable in super().compute_gradients(
            64 * loss, *args, **kwargs)]


def with_optimizer(optimizer: tf.train.Optimizer) -> Callable[..., tf.estimator.EstimatorSpec]:
    """A model_fn with `params`, for an optimizer."""
    def function(features: tf.Tensor, labels: tf.Tensor, mode: str, params: Any) -> tf.estimator.EstimatorSpec:
        loss = params['scale'] * tf.losses.sparse_softmax_cross_entropy(labels, forward(features))
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=optimizer.minimize(
            loss, tf.train.get_global_step()))
    return function


def test_an_optimizer_that_wraps_another(dense: Model) -> None:
    """The loss is replaced once, before it is scaled."""
    values = []
    for kind in (Scaled, tf.train.GradientDescentOptimizer):
        function = functools.partial(with_optimizer(kind(0.1)), params={'scale': 1.0})
        values.append(one_step(with_distillation(function, dense, 'output', ALPHA, TEMPERATURE)))
    for name in values[0]:
        np.testing.assert_allclose(values[0][name], values[1][name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_params_and_partial_functions_arrive(dense: Model, tmp_path: Any) -> None:
    """An estimator sees the arguments of the model_fn through the wrapper."""
    function = with_distillation(with_optimizer(Scaled(0.1)), dense, 'output')
    tf.estimator.Estimator(function, str(tmp_path / 'params'), params={'scale': 1.0}).train(input_fn, steps=1)
    partial = with_distillation(functools.partial(with_optimizer(Scaled(0.1)), params={'scale': 1.0}), dense, 'output')
    tf.estimator.Estimator(partial, str(tmp_path / 'partial')).train(input_fn, steps=1)


def test_optimizers_are_put_back(dense: Model) -> None:
    """After the model_fn, and after an error in it, the classes are what they were."""
    def broken(features: tf.Tensor, mode: str) -> None:
        raise RuntimeError('in the model_fn')
    before = [vars(each).get('compute_gradients') for each in (tf.train.Optimizer, Scaled)]
    with pytest.raises(RuntimeError, match='in the model_fn'):
        with_distillation(broken, dense, 'output')(features=None, mode='train')
    assert [vars(each).get('compute_gradients') for each in (tf.train.Optimizer, Scaled)] == before


def by_gradients(features: tf.Tensor, labels: tf.Tensor, mode: str) -> tf.estimator.EstimatorSpec:
    """A model_fn with an optimizer of its own."""
    loss = tf.losses.sparse_softmax_cross_entropy(labels, forward(features))
    variables = tf.trainable_variables()
    steps = [tf.assign_sub(each, slope) for each, slope in zip(variables, tf.gradients(loss, variables))]
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=tf.group(*steps))


@pytest.mark.parametrize(('make', 'error', 'match'), [
    (lambda dense: with_distillation(model_fn, dense, 'output', alpha=1.5), OptionError, 'alpha 1.5'),
    (lambda dense: with_distillation(model_fn, dense, 'output', temperature=0), OptionError, 'temperature 0'),
    (lambda dense: with_distillation(model_fn, dense, 'outptu'), NameNotFoundError, "'outptu'; closest: output"),
    (lambda dense: with_distillation(model_fn, dense, 'output', inputs={'image': 'pictures'}), NameNotFoundError,
     "'pictures'"),
    (lambda dense: with_distillation(model_fn, dense, 'Mean'), OptionError, r', 5\), the student .*, 16\)'),
    (lambda dense: with_distillation(by_gradients, dense, 'output'), UnsupportedError, 'no gradients'),
], ids=['alpha', 'temperature', 'logits', 'input', 'shape', 'gradients'])
def test_mistakes(dense: Model, make: Any, error: Any, match: str) -> None:
    """Numbers, names, shapes and optimizers that cannot be."""
    with pytest.raises(error, match=match):
        run_steps(1, function=make(dense))
