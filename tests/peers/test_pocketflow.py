"""PocketFlow: its walk over the graph stops at AddV2, FusedBatchNormV3, Mul and Mean, and its "50 %" export has more
convolutions and more MACs than before.
"""

import os
from typing import Any

import pytest

from tests import builders, plain
from tests.builders import IMAGE, conv, image
from tests.peers.pruned import assert_exact, measured_macs, operations, prune_graph, prune_saved
from tests.surgery import load
from tf1pruning.model.frozen import save_frozen
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf


def _residual() -> None:
    x = conv(image(), 8, 'stem', 3)
    x = tf.raw_ops.AddV2(x=x, y=conv(x, 8, 'second', 3))
    builders.head(builders.squeeze_excite(conv(x, 12, 'third', 3), 4, 'se'))


def test_the_walk_goes_on(tmp_path: Any) -> None:
    """Through all four: the layers before, behind and beside them are pruned."""
    pruned = prune_graph(_residual, tmp_path)
    assert {'AddV2', 'FusedBatchNormV3', 'Mul', 'Mean'} <= set(operations(pruned.frozen))
    kernels = {'stem': (3, 3, 3, 4), 'second': (3, 3, 4, 4), 'third': (3, 3, 4, 6), 'se/reduce': (1, 1, 6, 2),
               'se/expand': (1, 1, 2, 6), 'logits': (6, builders.CLASSES)}
    assert {name: pruned.after[name + '/kernel'] for name in kernels} == kernels
    assert_exact(pruned)


@pytest.mark.parametrize('name', ['mobilenet_v2', 'nested_se', 'residual_stage', 'concatenated', 'partitioned'])
def test_half_is_less(tmp_path: Any, name: str) -> None:
    """Half of every group: fewer MACs as TensorFlow makes them, no more operations of any type, a smaller file."""
    saved = builders.save_network(name, tmp_path)
    before = save_frozen(to_inference(load(saved)), str(tmp_path / 'before.pb'))
    pruned = prune_saved(saved, tmp_path)
    feeds = plain.feeds_for({'image': (1,) + IMAGE[1:]})
    macs = [measured_macs(path, feeds) for path in (before, pruned.frozen)]
    assert macs[1] < 0.5 * macs[0]
    assert not operations(pruned.frozen) - operations(before)
    assert operations(pruned.frozen)['Conv2D'] <= operations(before)['Conv2D']
    assert os.path.getsize(pruned.frozen) < os.path.getsize(before)
    data = '.data-00000-of-00001'
    assert os.path.getsize(pruned.hard + data) < os.path.getsize(saved.prefix + data)
