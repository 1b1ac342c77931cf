"""Convolutions in bfloat16, batch norm in float32; a message where there is none."""

import os
from typing import Any, Set

import numpy as np
import pytest

from tf1pruning.errors import UnsupportedError
from tf1pruning.tf1 import is_tf1, tf
from train.config import MachineConfig
from train.distributed.bfloat16 import LISTS
from train.distributed.machine import session_config


def kinds_that_ran(config: tf.ConfigProto) -> Set[str]:
    """Runs a convolution with batch norm in training mode, gradient included; what ran, after all rewriting."""
    graph, metadata = tf.Graph(), tf.RunMetadata()
    with graph.as_default():
        images = tf.placeholder(tf.float32, [2, 8, 8, 4])
        kernel = tf.constant(np.random.RandomState(0).rand(3, 3, 4, 6).astype('f'))
        hidden = tf.nn.conv2d(images, kernel, 1, 'SAME')
        normal, _, _ = tf.nn.fused_batch_norm(hidden, tf.ones([6]), tf.zeros([6]), is_training=True)
        result = tf.gradients(tf.reduce_sum(normal ** 2), [images])
        with tf.Session(graph=graph, config=config) as session:
            session.run(result, {images: np.ones([2, 8, 8, 4], 'f')}, tf.RunOptions(output_partition_graphs=True),
                        metadata)
    return {'%s %s' % (node.op, tf.as_dtype(node.attr['T'].type).name)
            for part in metadata.partition_graphs for node in part.node if 'T' in node.attr}


@pytest.mark.skipif(not is_tf1(), reason='TensorFlow 2.x has bfloat16 on CPUs')
def test_a_tensorflow_without_it_is_refused() -> None:
    assert session_config(MachineConfig(bfloat16=True), None, training=False) is None
    with pytest.raises(UnsupportedError, match='bfloat16: TensorFlow 1.15'):
        session_config(MachineConfig(bfloat16=True), None, training=True)


@pytest.mark.skipif(is_tf1(), reason='TensorFlow 1.15 has no bfloat16 on CPUs')
def test_batch_norm_stays_in_float32(monkeypatch: Any) -> None:
    monkeypatch.setenv(LISTS % 'DENYLIST_ADD', 'Softplus')
    monkeypatch.setenv(LISTS % 'INFERLIST_REMOVE', '')
    config = session_config(MachineConfig(bfloat16=True), None, training=True)
    assert config is not None
    rewriting = config.graph_options.rewrite_options
    assert rewriting.auto_mixed_precision_onednn_bfloat16 == rewriting.ON
    assert {'FusedBatchNormV3', 'Softplus'} < set(os.environ[LISTS % 'DENYLIST_ADD'].split(','))
    rewriting.min_graph_nodes = -1  # small graphs, too, are rewritten
    ran = kinds_that_ran(config)
    convolutions = {each for each in ran if 'Conv2D' in each}
    assert convolutions
    if any('bfloat16' in each for each in convolutions):  # on processors that have it
        assert all(each.endswith(' bfloat16') for each in convolutions)
    assert {each.split(' ')[1] for each in ran if 'BatchNorm' in each} == {'float32'}
