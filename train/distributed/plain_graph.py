"""The graph beside a checkpoint, as if one device had trained it."""

from tf1pruning.tf1 import tf

from .machine import Training


def write_plain_graph(training: Training, checkpoint: str) -> None:
    """Replaces a checkpoint's `.meta` by the training graph of one device.

    Distributed trainings leave graphs with the addresses of servers, or with as many networks as there are replicas,
    under the same names of variables. What follows (choosing, stripping, going on elsewhere) needs neither.

    Args:
        training: what was trained.
        checkpoint: its prefix.
    """
    with tf.Graph().as_default():
        tf.set_random_seed(training.train.seed)
        features, labels = tf.data.make_initializable_iterator(training.input_fn()()).get_next()
        tf.train.create_global_step()
        training.model_fn(features=features, labels=labels, mode=tf.estimator.ModeKeys.TRAIN,
                          params=dict(training.params))
        tf.train.Saver().export_meta_graph(checkpoint + '.meta')
