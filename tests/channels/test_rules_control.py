"""Loops and TensorArrays are left in peace, and named as the reason."""

from tests.channels.analysed import Analysed, closed, features, vectors
from tf1pruning.tf1 import tf


def test_a_loop_pins_what_goes_in_by_its_name() -> None:
    """What does not go into the loop can be pruned."""
    x, free = vectors(), closed(vectors(name='free'))
    looped = tf.while_loop(lambda step, _: step < 2, lambda step, value: (step + 1, tf.tanh(value)), [0, x],
                           name='decoder')[1]
    analysed = Analysed(closed(looped, 'end'), free)
    assert analysed.reasons() == [('decoder/Enter_1', 'goes into the loop decoder/while_context')]
    assert analysed.pinned()
    assert not analysed.pinned('free')


def test_an_array_pins_what_is_stored() -> None:
    """A `map_fn` over the batch stores its elements."""
    mapped = tf.map_fn(tf.nn.relu, features(), name='map')
    analysed = Analysed(closed(tf.reshape(mapped, [2, 3, 3, 4]), 'end'))
    assert analysed.pinned()
    assert [reason for _, reason in analysed.reasons()] == ['is stored element by element (TensorArrayScatterV3)']


def test_a_functional_loop() -> None:
    """The same for the form that TensorFlow 2 writes."""
    from tensorflow.python.ops import while_v2
    looped = while_v2.while_loop(lambda step, _: step < 2, lambda step, value: (step + 1, tf.tanh(value)),
                                 [tf.constant(0), vectors()], name='decoder')[1]
    analysed = Analysed(closed(tf.reshape(looped, [2, 4]), 'end'))
    assert analysed.pinned()
    assert [reason for _, reason in analysed.reasons()] == ['goes into the loop decoder']
