"""Initial values: resized where they are plain, made anew like the trained values where they are not."""

from typing import Any, Callable

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import operate
from tf1pruning.tf1 import tf

INITIALIZERS: 'dict' = {
    'truncated': lambda: tf.truncated_normal_initializer(stddev=0.1),
    'glorot': lambda: tf.glorot_uniform_initializer(),
    'constant': lambda: tf.constant_initializer(np.arange(24 * 3, dtype=np.float32).reshape(1, 1, 3, 24)),
    'ones': lambda: tf.ones_initializer(),
    'orthogonal': lambda: tf.orthogonal_initializer(),
}


def build(initializer: Callable[[], Any], use_resource: bool) -> Callable[[], Any]:
    """A convolution of 24 filters with an initial value of a certain kind."""
    def network() -> Any:
        with tf.variable_scope('', use_resource=use_resource):
            with tf.variable_scope('first', initializer=initializer()):
                kernel = tf.get_variable('kernel', [1, 1, 3, 24])
            x = tf.nn.relu(tf.nn.conv2d(builders.image(), kernel, 1, 'SAME', name='first/Conv2D'))
            return builders.head(builders.conv(x, 8, 'last'))
    return network


@pytest.mark.parametrize('use_resource', [False, True], ids=['ref', 'resource'])
@pytest.mark.parametrize('kind', sorted(INITIALIZERS))
def test_initial_values_fit_what_remains(tmp_path: Any, kind: str, use_resource: bool) -> None:
    """Plain TensorFlow initialises the stripped graph: right shape, right kind of values."""
    saved = builders.save_graph(build(INITIALIZERS[kind], use_resource), tmp_path)
    done = operate(saved, tmp_path)
    group = done.plan.groups[0]
    assert group.anchor == ('first/kernel', 3)
    assert len(group.pruned) == 12
    values, _ = plain.initialise_and_resave(done.hard, str(tmp_path))
    kernel = values['first/kernel']
    assert kernel.shape == (1, 1, 3, 12)
    if kind == 'constant':
        whole = np.arange(24 * 3, dtype=np.float32).reshape(1, 1, 3, 24)
        assert np.array_equal(kernel, whole[..., list(group.kept)])
    elif kind == 'ones':
        assert np.array_equal(kernel, np.ones((1, 1, 3, 12)))
    else:
        assert 0.01 < kernel.std() < 2.0
        assert len(np.unique(kernel)) > 30


def test_initial_values_of_the_whole_network_stay_finite(tmp_path: Any) -> None:
    """After initialising, the stripped network runs."""
    saved = builders.save_network('wide', tmp_path)
    done = operate(saved, tmp_path)
    values, back = plain.initialise_and_resave(done.hard, str(tmp_path))
    assert all(np.isfinite(value).all() for value in values.values())
    assert values['wide/bn/gamma'].tolist() == [1.0] * 512
    assert sorted(values) == sorted(back)


@pytest.mark.parametrize('use_resource', [False, True], ids=['ref', 'resource'])
def test_a_warm_start_is_no_initial_value(tmp_path: Any, use_resource: bool) -> None:
    """What began with the values of another checkpoint is initialised as it was declared, at its new size."""
    network = build(INITIALIZERS['ones'], use_resource)
    for name in ('first', 'second'):
        (tmp_path / name).mkdir()
    first = builders.save_graph(network, tmp_path / 'first')
    with tf.Graph().as_default(), builders.new_session() as session:
        network()
        tf.train.init_from_checkpoint(first.prefix, {'/': '/'})
        session.run(tf.global_variables_initializer())
        prefix = tf.train.Saver().save(session, str(tmp_path / 'second' / 'model.ckpt'))
    done = operate(first._replace(prefix=prefix), tmp_path)
    values, _ = plain.initialise_and_resave(done.hard, str(tmp_path))
    assert np.array_equal(values['first/kernel'], np.ones((1, 1, 3, 12)))
