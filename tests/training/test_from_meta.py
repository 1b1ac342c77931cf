"""A checkpoint of an inference graph trains on as its source would, and what is saved can be pruned again."""

from typing import Any, Dict

import numpy as np
import pytest

from tests.builders import IMAGE, Dialect, Saved, mobilenet, save_graph, save_network, training_feeds
from tests.plain import new_session, values_of
from tests.surgery import load
from tests.training.classifier import NETWORK, Watch, input_fn, train
from tf1pruning.channels import analyse
from tf1pruning.choice import Selection
from tf1pruning.errors import ModelError, OptionError
from tf1pruning.model.checkpoint import load_checkpoint, read_meta_graph, save_checkpoint
from tf1pruning.model.frozen import load_frozen, save_frozen
from tf1pruning.model.model import Model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf
from tf1pruning.training import model_fn_from_meta, to_training, warm_start_from
from tf1pruning.verify import verify


def momentum() -> tf.train.Optimizer:
    """What the tests train with."""
    return tf.train.MomentumOptimizer(0.05, 0.9)


LOSS = tf.losses.sparse_softmax_cross_entropy


@pytest.mark.parametrize('name', ['mobilenet_v2', *(pytest.param(each, marks=pytest.mark.slow) for each in (
    'resource', 'unfused', 'partitioned'))])
def test_trains_strips_and_verifies(tmp_path: Any, name: str) -> None:
    """The loss falls, statistics move, and the checkpoint written is pruned and stripped as any.

    Resource variables that were warm-started, and unfused batch norms, are stripped in inference form.
    """
    saved = save_network(name, tmp_path)
    function = model_fn_from_meta(load(saved), LOSS, momentum, 0.9)
    watch = Watch()
    prefix = train(tmp_path / 'run', 25, [watch], function, warm_start_from(saved.prefix))
    assert watch.losses[-1] < 0.3 * watch.losses[0]
    before, after = values_of(saved.prefix), values_of(prefix)
    assert set(before) < set(after)
    assert all(np.abs(after[key] - before[key]).max() > 1e-3 for key in before if 'moving_' in key)
    model = load_checkpoint(prefix, NETWORK.outputs, NETWORK.inputs)
    channels = analyse(to_inference(model))
    plan = Selection(Amount(ratio=0.5, align=2), criterion='l1').plan(channels)
    assert plan.pruned_count > 20
    whole = channels.model if name in ('resource', 'unfused') else model
    soft = soft_prune(whole, channels, plan)
    verify(to_inference(soft), to_inference(strip(soft, channels, plan)))


def _trained(saved: Saved, meta: Any, statistics: bool) -> Dict[str, np.ndarray]:
    """Values after a step of momentum on noise, from a checkpoint and a graph."""
    with tf.Graph().as_default() as graph, new_session() as session:
        tf.train.import_meta_graph(meta)
        labels = tf.placeholder(tf.int64, [None], 'labels')
        loss = LOSS(labels, graph.get_tensor_by_name('output:0'))
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            train_op = momentum().minimize(loss)
        session.run(tf.global_variables_initializer())
        model = tf.global_variables()[:len(values_of(saved.prefix))]
        tf.train.Saver(model).restore(session, saved.prefix)
        session.run(train_op, training_feeds())
        return {each.op.name: session.run(each) for each in model if statistics or 'moving_' not in each.op.name}


@pytest.mark.parametrize('norm', ['fused', 'unfused'])
def test_a_step_is_that_of_the_source(tmp_path: Any, norm: str) -> None:
    """Weights and statistics after a step are those of the training graph that `tf.layers` would have made.

    Where the batch norm is unfused, its moving variance is that of the batch; fused, `tf.layers` corrects it.
    """
    saved = save_graph(lambda: mobilenet(Dialect(norm=norm)), tmp_path)
    with tf.Graph().as_default():
        mobilenet(Dialect('layers', training=True))
        source = tf.train.export_meta_graph()
    expected = _trained(saved, source, norm == 'fused')
    found = _trained(saved, to_training(load(saved), 0.9).meta, norm == 'fused')
    assert set(found) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-5, err_msg=name)
    before = values_of(saved.prefix)
    assert all(np.abs(expected[name] - before[name]).max() > 1e-3 for name in expected if 'kernel' in name)


def test_inference_again(tmp_path: Any) -> None:
    """Back to inference it is the network that it was."""
    model = load(save_network('nested_se', tmp_path))
    verify(to_inference(model), to_inference(to_training(model)))
    assert all(node.attr['is_training'].b for node in to_training(model).graph.node if node.op == 'FusedBatchNormV3')


def test_evaluation_and_prediction(tmp_path: Any) -> None:
    """Evaluation has the metrics asked for, prediction all outputs; both use the moving statistics."""
    saved = save_network('mobilenet_v2', tmp_path)
    function = model_fn_from_meta(load(saved), LOSS, momentum, metrics=lambda labels, logits: {
        'accuracy': tf.metrics.accuracy(labels, tf.argmax(logits, 1))})
    prefix = train(tmp_path / 'run', 2, function=function, start=warm_start_from(saved.prefix))
    estimator = tf.estimator.Estimator(function, str(tmp_path / 'run'))
    assert set(estimator.evaluate(input_fn, 4)) == {'accuracy', 'loss', 'global_step'}
    predicted = next(estimator.predict(lambda: tf.data.Dataset.from_tensors(np.ones(IMAGE, np.float32))))
    with tf.Graph().as_default(), new_session() as session:
        tf.train.import_meta_graph(saved.prefix + '.meta')
        tf.train.Saver().restore(session, prefix)
        expected = session.run('output:0', {'image:0': np.ones(IMAGE, np.float32)})
    np.testing.assert_allclose(predicted['output'], expected[0], rtol=1e-4, atol=1e-5)


def test_names_that_are_taken(tmp_path: Any) -> None:
    """Nodes of the input pipeline may bear names of the model's; its variables keep theirs."""
    saved = save_network('mobilenet_v2', tmp_path)

    def crowded() -> tf.data.Dataset:
        for name in ('Mean/reduction_indices', 'output', 'save/Const', 'stem/Conv2D', 'stem/bn/FusedBatchNormV3/a'):
            tf.no_op(name=name)
        return input_fn()
    function = model_fn_from_meta(load(saved), LOSS, momentum)
    estimator = tf.estimator.Estimator(function, str(tmp_path / 'run'), warm_start_from=warm_start_from(saved.prefix))
    estimator.train(crowded, steps=2)
    after = values_of(estimator.latest_checkpoint())
    assert set(values_of(saved.prefix)) < set(after)
    (tmp_path / 'model').mkdir()
    taken = tf.get_variable('stem/kernel', [1])
    with pytest.raises(ModelError, match='named stem/kernel already'):
        function(features=tf.zeros((8,) + IMAGE[1:]), labels=tf.zeros([8], tf.int64), mode='train')
    assert taken.shape == [1]


def test_collections_that_say_nothing(tmp_path: Any) -> None:
    """A graph without a collection of trainable variables: all are trained but statistics."""
    saved = save_network('mobilenet_v2', tmp_path)
    meta = read_meta_graph(saved.prefix + '.meta')
    expected = set(meta.collection_def['trainable_variables'].bytes_list.value)
    del meta.collection_def['trainable_variables']
    with open(saved.prefix + '.meta', 'wb') as stream:
        stream.write(meta.SerializeToString())
    made = to_training(load(saved))
    assert len(made.meta.collection_def['trainable_variables'].bytes_list.value) == len(expected)
    assert not any('moving_' in name for name in made.definitions['trainable_variables'])


def _frozen(saved: Saved, folder: Any) -> Model:
    return load_frozen(save_frozen(to_inference(load(saved)), str(folder / 'model.pb')), ('output',))


def test_mistakes(tmp_path: Any) -> None:
    """Frozen models, momenta out of range, features for other inputs."""
    saved = save_network('mobilenet_v2', tmp_path)
    with pytest.raises(ModelError, match='no variables to train'):
        model_fn_from_meta(_frozen(saved, tmp_path), LOSS, momentum)
    with pytest.raises(OptionError, match='momentum 1 is outside'):
        model_fn_from_meta(load(saved), LOSS, momentum, 1.0)
    with pytest.raises(OptionError, match='features are for picture, the inputs are image'):
        model_fn_from_meta(load(saved), LOSS, momentum)(features={'picture': tf.zeros(IMAGE)}, labels=None, mode='eval')
    with pytest.raises(ModelError, match='cannot be imported'):
        model_fn_from_meta(load(saved), LOSS, momentum)(features=tf.zeros(IMAGE, tf.int32), labels=None, mode='eval')


def test_a_stripped_checkpoint_trains_on(tmp_path: Any) -> None:
    """What was stripped is trained without its source."""
    channels = analyse(to_inference(load(save_network('mobilenet_v2', tmp_path))))
    plan = Selection(Amount(ratio=0.5, align=2), criterion='l1').plan(channels)
    stripped = strip(soft_prune(channels.model, channels, plan), channels, plan)
    (tmp_path / 'stripped').mkdir()
    prefix = save_checkpoint(stripped, str(tmp_path / 'stripped'))
    watch = Watch()
    function = model_fn_from_meta(load_checkpoint(prefix, ('output',)), LOSS, momentum)
    train(tmp_path / 'run', 25, [watch], function, warm_start_from(prefix))
    assert watch.losses[-1] < 0.5 * watch.losses[0]
