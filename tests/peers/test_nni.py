"""NNI's ModelSpeedup: masks pass through batch norm, so that with β ≠ 0 stripped and masked networks differ; its tests
compare the sum of the outputs.
"""

import os
import shutil
from typing import Any, Dict

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import IMAGE
from tests.peers.pruned import Pruned, assert_exact, prune_graph

FEEDS = plain.feeds_for({'image': IMAGE})


@pytest.fixture(name='pruned', scope='module', params=['mobilenet_v2', 'nested_se', 'residual_stage', 'unfused'])
def make_pruned(request: Any, tmp_path_factory: Any) -> Pruned:
    """A network whose batch norms all have offsets and statistics far from 0 and 1."""
    return prune_graph(builders.NETWORKS[request.param], tmp_path_factory.mktemp('network'))


def _gone(pruned: Pruned) -> Dict[str, Any]:
    """Numbers of the channels that go, by the kernel that makes them."""
    return {group['anchor']['parameter']: group['pruned'] for group in pruned.plan.values()}


def test_offsets_and_means_are_not_zero(pruned: Pruned) -> None:
    """Of what goes, as the network came: else these tests could not fail. Soft-pruned, the offsets are zero too."""
    values, soft = plain.values_of(pruned.saved.prefix), plain.values_of(pruned.soft)
    norms = {kernel.replace('kernel', 'bn/'): channels for kernel, channels in _gone(pruned).items()}
    normed = [name for name in norms if name + 'beta' in values]
    assert len(normed) >= 2
    for name in normed:
        for statistic in ('beta', 'moving_mean'):
            assert np.abs(values[name + statistic][norms[name]]).min() > 0
        assert not soft[name + 'beta'][norms[name]].any()


def test_equal_element_by_element(pruned: Pruned) -> None:
    """Every number of the output, not their sum."""
    outputs = assert_exact(pruned)
    assert outputs[0].shape == (2, builders.CLASSES)
    assert np.unique(np.round(outputs[0], 6)).size == outputs[0].size


def test_masks_on_filters_alone_are_not_equal(pruned: Pruned, tmp_path: Any) -> None:
    """With the offsets left as they are, as a mask on the kernels leaves them, the network computes something else."""
    values = plain.values_of(pruned.saved.prefix)
    gone = _gone(pruned)

    def mask(name: str, value: np.ndarray) -> np.ndarray:
        masked = np.array(values[name])
        if name in gone:
            masked[..., gone[name]] = 0
        return masked

    shutil.copytree(os.path.dirname(pruned.soft), str(tmp_path / 'masked'))
    prefix = str(tmp_path / 'masked' / 'model.ckpt')
    plain.change_values(prefix, mask)
    masked, stripped = (plain.run_checkpoint(each, ['output'], FEEDS)[0] for each in (prefix, pruned.hard))
    assert plain.relative(masked, stripped) > 1e-2
