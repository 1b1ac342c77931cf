"""Evaluating with some weights changed, against plain TensorFlow runs of the changed model."""

from typing import Any, Dict

import numpy as np
import pytest

from tests import builders
from tests.surgery import load
from tf1pruning.errors import DataError, ModelError, NameNotFoundError, OptionError
from tf1pruning.evaluation import Evaluator, Labelled
from tf1pruning.evaluation.changeable import ChangeableGraph
from tf1pruning.evaluation.open_batch import opened_batch
from tf1pruning.graph.view import parse_tensor
from tf1pruning.model.frozen import freeze
from tf1pruning.model.model import Model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf
from tf1pruning.verify import run
from tf1pruning.weights import weight_tensors, with_values

RANDOM = np.random.RandomState(3)


def _model(name: str, folder: Any) -> Model:
    return to_inference(load(builders.save_network(name, folder)))


def _labelled(model: Model, count: int = 7) -> Labelled:
    shape = model.shapes['image'][0][1:]
    classes = model.shapes[parse_tensor(model.outputs[0]).node][0][1]
    return Labelled({'image:0': RANDOM.uniform(0, 1, (count, *shape)).astype(np.float32)},
                    RANDOM.randint(0, classes, count))


def _expected(model: Model, labelled: Labelled, changed: Dict[str, np.ndarray]) -> Any:
    """Accuracy and loss of a model with other weights in its graph, by plain TensorFlow."""
    output, = run(with_values(model, changed), labelled.inputs)
    with tf.Graph().as_default(), tf.Session() as session:
        losses = session.run(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labelled.labels, logits=output))
    return np.mean(output.argmax(1) == labelled.labels), losses.mean()


NETWORKS = ['dense_se', 'resource', 'partitioned', 'transposed']


@pytest.mark.parametrize('frozen', [False, True])
@pytest.mark.parametrize('name', NETWORKS)
def test_one_weight_alone(tmp_path: Any, name: str, frozen: bool) -> None:
    """Gives what a model with that weight gives; the tensors are themselves again; the graph does not grow."""
    model = _model(name, tmp_path)
    model = freeze(model) if frozen else model
    labelled = _labelled(model)
    tensors = list(weight_tensors(model))
    with Evaluator(model, labelled, tensors, batch=3) as evaluator:
        before, size = evaluator.evaluate(), evaluator.size
        assert before == pytest.approx(_expected(model, labelled, {}), rel=1e-4)
        for tensor in tensors[::4]:
            changed = {tensor: RANDOM.normal(size=model.value(tensor).shape).astype(np.float32)}
            assert evaluator.evaluate(changed) == pytest.approx(_expected(model, labelled, changed), rel=1e-4)
            assert evaluator.evaluate() == before
        assert evaluator.size == size


def test_many_examples_do_not_depend_on_the_batch(tmp_path: Any) -> None:
    model = _model('expanded', tmp_path)
    labelled = _labelled(model, 11)
    found = []
    for batch in (1, 4, 100):
        with Evaluator(model, labelled, batch=batch) as evaluator:
            found.append(evaluator.evaluate())
    assert found[0] == pytest.approx(found[1], rel=1e-5)
    assert found[0] == pytest.approx(found[2], rel=1e-5)


def test_channels_first_on_a_processor_that_has_no_kernels_for_it(tmp_path: Any) -> None:
    model = to_inference(load(builders.save_graph(
        lambda: builders.mobilenet(builders.Dialect(data_format='NCHW')), tmp_path)._replace(inputs={})))
    labelled = _labelled(model)
    tensor = 'stem/kernel'
    changed = {tensor: 2 * model.value(tensor)}
    with Evaluator(model, labelled, [tensor], 4) as evaluator:
        assert evaluator.evaluate(changed) == pytest.approx(_expected(model, labelled, changed), rel=1e-4)


def _large(probabilities: bool = False) -> None:
    x = tf.reshape(builders.image(), [-1, 192])
    x = builders.dense(builders.dense(x, 1500, 'hidden'), builders.CLASSES, 'logits')
    tf.identity(tf.nn.softmax(x) if probabilities else x, 'output')


def test_a_large_weight_that_is_not_changed(tmp_path: Any) -> None:
    model = to_inference(load(builders.save_graph(_large, tmp_path)))
    labelled = _labelled(model)
    with Evaluator(model, labelled) as evaluator:
        assert evaluator.form == 'logits'
        assert evaluator.evaluate() == pytest.approx(_expected(model, labelled, {}), rel=1e-4)


def test_probabilities(tmp_path: Any) -> None:
    """Have the same loss as the logits they are made of, whether the graph says what they are or their values do."""
    model = to_inference(load(builders.save_graph(lambda: _large(True), tmp_path)))
    logits = model.view.inputs[model.view.source(parse_tensor('output')).node][0]
    labelled = _labelled(model)
    measured = []
    for outputs in (('output',), (str(logits),)):
        with Evaluator(model.replace(outputs=outputs), labelled) as evaluator:
            measured.append(evaluator.evaluate())
            assert evaluator.form == ('probabilities' if outputs == ('output',) else 'logits')
    assert measured[0] == pytest.approx(measured[1], rel=1e-5)


def test_probabilities_that_the_graph_does_not_name(tmp_path: Any) -> None:
    def build() -> None:
        x = tf.exp(builders.dense(tf.reshape(builders.image(), [-1, 192]), builders.CLASSES, 'logits'))
        tf.identity(x / tf.reduce_sum(x, 1, keepdims=True), 'output')
    model = to_inference(load(builders.save_graph(build, tmp_path)))
    with Evaluator(model, _labelled(model)) as evaluator:
        assert evaluator.form == 'probabilities'


def _dense(placeholder: Any, batch: int) -> None:
    x = tf.reshape(builders.image((placeholder, 8, 8, 3)), [batch, 192])
    tf.identity(builders.dense(x, builders.CLASSES, 'logits'), 'output')


def test_a_batch_size_that_only_the_input_has_is_opened(tmp_path: Any) -> None:
    model = to_inference(load(builders.save_graph(lambda: _dense(3, -1), tmp_path)))
    assert opened_batch(model)[1] is None
    with Evaluator(model, _labelled(model, 5), batch=4) as evaluator:
        assert [len(labels) for _, labels in evaluator.batches(['output'])] == [4, 1]


@pytest.mark.parametrize('placeholder', [3, None])
def test_a_batch_size_that_the_graph_spells_is_kept(tmp_path: Any, placeholder: Any) -> None:
    """The last batch is filled up, and what was filled in does not count."""
    model = to_inference(load(builders.save_graph(lambda: _dense(placeholder, 3), tmp_path)._replace(inputs={})))
    assert opened_batch(model)[1] == 3
    images = RANDOM.uniform(0, 1, (5, 8, 8, 3)).astype(np.float32)
    labelled = Labelled({'image:0': images}, np.arange(5))
    with Evaluator(model, labelled, batch=100) as evaluator:
        measured = evaluator.evaluate()
        found = list(evaluator.batches(['output', 'logits/kernel']))
    assert [(len(values[0]), len(values[1]), labels.tolist()) for values, labels in found] == [
        (3, 192, [0, 1, 2]), (2, 192, [3, 4])]
    first, = run(model, {'image:0': images[:3]})
    second, = run(model, {'image:0': images[[3, 4, 4]]})
    outputs = np.concatenate([first, second[:2]])
    assert measured.accuracy == np.mean(outputs.argmax(1) == np.arange(5))
    np.testing.assert_allclose(np.concatenate([values[0] for values, _ in found]), outputs, rtol=1e-5, atol=1e-6)


def test_an_iterator_that_is_given_up_leaves_the_weights_as_they_were(tmp_path: Any) -> None:
    model = _model('expanded', tmp_path)
    with Evaluator(model, _labelled(model), ['stem/kernel'], 2) as evaluator:
        before = evaluator.evaluate()
        batches = evaluator.batches(['output'], {'stem/kernel': np.zeros(model.value('stem/kernel').shape)})
        next(batches)
        batches.close()
        assert evaluator.evaluate() == before


def test_mistakes(tmp_path: Any) -> None:
    model = _model('expanded', tmp_path)
    labelled = _labelled(model)
    with pytest.raises(NameNotFoundError, match='no parameter named .*closest: stem/kernel'):
        Evaluator(model, labelled, ['stem/kernle'])
    with pytest.raises(OptionError, match='batch of 0'):
        Evaluator(model, labelled, batch=0)
    with pytest.raises(DataError, match='no examples'):
        Evaluator(model, labelled.taken(np.zeros(0, int)))
    with Evaluator(model, labelled, ['stem/kernel']) as evaluator:
        with pytest.raises(NameNotFoundError, match='changeable parameter'):
            evaluator.evaluate({'logits/kernel': np.zeros(3)})
        with pytest.raises(ModelError, match=r'stem/kernel has shape \(3,\), expected \(3, 3, 3, 8\)'):
            evaluator.evaluate({'stem/kernel': np.zeros(3)})
    with Evaluator(model, labelled._replace(labels=np.full(7, 5))) as evaluator, pytest.raises(
            DataError, match='label 5 of example 0 is out of range: output output:0 has 5 classes'):
        evaluator.evaluate()
    with Evaluator(model.replace(outputs=('stem/Relu6',)), labelled) as evaluator, pytest.raises(
            ModelError, match='output stem/Relu6:0 is .* name another one with --outputs'):
        evaluator.evaluate()


@pytest.mark.parametrize('name', ['dense_se', 'residual_stage', 'flattened_by_shape', 'concatenated'])
def test_variations_together_are_what_they_are_alone(tmp_path: Any, name: str) -> None:
    """Of every weight tensor, and of two at once; the model is itself again."""
    model = _model(name, tmp_path)
    labelled, tensors = _labelled(model), list(weight_tensors(model))
    with Evaluator(model, labelled, tensors, batch=4) as evaluator:
        before = evaluator.evaluate()
        sets = [{}, *({tensor: scale * model.value(tensor)} for tensor in tensors[1::2] for scale in (0.5, 2))]
        for some in ([{}], sets[1:3], sets[:3], sets[-2:], sets):
            together = evaluator.evaluate_each(some)
            for changed, measured in zip(some, together):
                assert measured == pytest.approx(evaluator.evaluate(changed), rel=1e-5)
        assert together[0] != pytest.approx(together[-1], rel=1e-3)
        assert evaluator.evaluate() == before


def test_only_what_lies_behind_a_change_is_computed_again(tmp_path: Any) -> None:
    """A shortcut around a changed weight is an input of what is computed, too."""
    model = _model('residual_stage', tmp_path)
    graph = ChangeableGraph(model, weight_tensors(model))
    try:
        assert graph.boundary(['stem/kernel'], 'output:0') == ['image:0']
        assert graph.boundary(['unit_2/second/kernel'], 'output:0') == ['unit_2/first/Relu6:0', 'unit_1/Relu:0']
        assert graph.boundary(['logits/kernel'], 'output:0') == ['Mean:0']
        assert graph.boundary(['unit_2/second/kernel', 'stem/kernel'], 'output:0') == ['image:0']
    finally:
        graph.close()
