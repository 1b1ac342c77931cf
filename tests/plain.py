"""References in plain TensorFlow, from files: nothing of the package but its import of TensorFlow."""

import os
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from tf1pruning.tf1 import tf


def new_session() -> tf.Session:
    """A session without graph optimisation, which would cost more than what the tests run."""
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return tf.Session(config=config)


def feeds_for(inputs: Mapping[str, Tuple[int, ...]], seed: int = 3) -> Dict[str, np.ndarray]:
    """Random numbers by tensor name."""
    random = np.random.RandomState(seed)
    return {name + ':0': random.uniform(0, 1, shape).astype(np.float32) for name, shape in inputs.items()}


def _tensors(names: Sequence[str]) -> List[str]:
    return [name if ':' in name else name + ':0' for name in names]


def run_checkpoint(prefix: str, names: Sequence[str], feeds: Mapping[str, Any]) -> List[np.ndarray]:
    """Imports, restores, runs."""
    with tf.Graph().as_default(), new_session() as session:
        tf.train.import_meta_graph(prefix + '.meta').restore(session, prefix)
        return session.run(_tensors(names), feeds)


def run_frozen(path: str, names: Sequence[str], feeds: Mapping[str, Any]) -> List[np.ndarray]:
    """Imports a `.pb` and runs it."""
    graph_def = tf.GraphDef()
    with open(path, 'rb') as stream:
        graph_def.ParseFromString(stream.read())
    return run_graph(graph_def, names, feeds)


def run_graph(graph_def: tf.GraphDef, names: Sequence[str], feeds: Mapping[str, Any]) -> List[np.ndarray]:
    """Imports a frozen graph and runs it."""
    with tf.Graph().as_default(), new_session() as session:
        tf.import_graph_def(graph_def, name='')
        return session.run(_tensors(names), feeds)


def values_of(prefix: str) -> Dict[str, np.ndarray]:
    """Everything a checkpoint holds, by key."""
    reader = tf.train.load_checkpoint(prefix)
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def change_values(prefix: str, change: Callable[[str, np.ndarray], np.ndarray]) -> None:
    """Rewrites a checkpoint's values where it stands, as training would."""
    with tf.Graph().as_default(), new_session() as session:
        saver = tf.train.import_meta_graph(prefix + '.meta')
        saver.restore(session, prefix)
        for variable in tf.global_variables():
            value = change(variable.op.name, session.run(variable))
            session.run(variable.initializer, {variable.initializer.inputs[1]: value})
        saver.save(session, prefix, write_meta_graph=False)


class Collections(NamedTuple):
    """Shapes of the variables in the collections of a graph, by variable name."""

    trainable: Dict[str, Tuple[int, ...]]
    all: Dict[str, Tuple[int, ...]]


def collections_of(prefix: str) -> Collections:
    """What `tf.trainable_variables()` and `tf.global_variables()` say after an import."""
    with tf.Graph().as_default():
        tf.train.import_meta_graph(prefix + '.meta')
        return Collections(*[{each.op.name: tuple(each.shape.as_list()) for each in variables}
                             for variables in (tf.trainable_variables(), tf.global_variables())])


def initialise_and_resave(prefix: str, folder: str) -> Tuple[Dict[str, np.ndarray], Dict[str, np.ndarray]]:
    """Imports a meta graph, runs all initialisers, saves with its own saver, restores that with a new one.

    Returns:
        The values saved by key, and those that came back by variable name.
    """
    with tf.Graph().as_default(), new_session() as session:
        saver = tf.train.import_meta_graph(prefix + '.meta')
        session.run(tf.global_variables_initializer())
        assert session.run(tf.report_uninitialized_variables()).size == 0
        again = saver.save(session, os.path.join(folder, 'again.ckpt'))
    with tf.Graph().as_default(), new_session() as session:
        tf.train.import_meta_graph(again + '.meta').restore(session, again)
        back = session.run({variable.op.name: variable for variable in tf.global_variables()})
    return values_of(again), back


def train_step(prefix: str, feeds: Mapping[str, Any], folder: str) -> Tuple[float, Dict[str, np.ndarray]]:
    """Restores a training graph, runs `train_op` once, saves; returns the loss and what was saved."""
    with tf.Graph().as_default(), new_session() as session:
        saver = tf.train.import_meta_graph(prefix + '.meta')
        saver.restore(session, prefix)
        loss = tf.get_collection('losses')[0]
        found = float(session.run([loss, 'train_op'], feeds)[0])
        return found, values_of(saver.save(session, os.path.join(folder, 'trained.ckpt')))


def relative(first: np.ndarray, second: np.ndarray) -> float:
    """Largest |a − b| relative to the largest |a|; infinite for other shapes."""
    if first.shape != second.shape:
        return float('inf')
    return float(np.abs(first - second).max() / (np.abs(first).max() + 1e-12))
