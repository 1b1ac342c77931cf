"""Fitting what reads pruned channels."""

from typing import Any, Tuple

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import Dialect, conv, head, image
from tests.planted import changed, model_of
from tf1pruning.channels import analyse
from tf1pruning.channels.contractions import contractions
from tf1pruning.model.frozen import frozen_graph
from tf1pruning.model.model import Model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.plan import plan_from_channels
from tf1pruning.reconstruction import reconstruct
from tf1pruning.reconstruction.least_squares import Fit
from tf1pruning.reconstruction.patches import patches, window_of
from tf1pruning.tf1 import tf
from tf1pruning.verify import compare, run
from tf1pruning.weights import with_values

IMAGES = np.random.RandomState(5).normal(0, 1, (32, 8, 8, 3)).astype(np.float32)
EXAMPLES = [{'image:0': IMAGES[start:start + 16]} for start in (0, 16)]


@pytest.mark.parametrize(('padding', 'stride', 'dilation', 'size'), [
    ('SAME', 1, 1, (3, 3)), ('SAME', 2, 1, (3, 3)), ('SAME', 2, 1, (2, 4)), ('VALID', 1, 2, (3, 3)),
    ('SAME', 1, 2, (3, 2)), ('VALID', 3, 1, (1, 2))])
def test_patches_times_kernel_is_the_convolution(tmp_path: Any, padding: str, stride: int, dilation: int,
                                                 size: Tuple[int, int]) -> None:
    def build() -> None:
        x = conv(image(), 4, 'first')
        x = tf.nn.conv2d(x, tf.get_variable('k', [*size, 4, 5]).value(), [1, stride, stride, 1], padding,
                         dilations=[1, dilation, dilation, 1], name='second')
        head(x)
    model = model_of(build, tmp_path)
    place = next(each for each in contractions(analyse(model)) if each.node == 'second')
    given, wanted = run(model, {'image:0': IMAGES[:3]}, [str(place.tensor), 'second'])
    kernel = model.value('k')
    random = np.random.RandomState(0)
    drawn = tuple(random.randint(0, most, 50) for most in wanted.shape[:3])
    rows = patches(given, window_of(model.view, place, kernel.shape), (drawn[0], drawn[1], drawn[2]))
    assert rows.shape == (50, size[0] * size[1], 4)
    assert np.allclose(rows.reshape(50, -1) @ kernel.reshape(-1, 5), wanted[drawn], atol=1e-4)


def test_least_squares() -> None:
    """Rows that determine everything give it back; none at all give the weights that there were."""
    random = np.random.RandomState(0)
    weights, offset = random.normal(0, 1, (6, 3)), random.normal(0, 1, 3)
    x = random.normal(0, 1, (200, 6))
    fit = Fit(6, 3, True)
    for part in np.split(x, 4):
        fit.add(part, part @ weights + offset)
    found = fit.solved(np.zeros((6, 3)), 0.0)
    assert np.allclose(found[0], weights, atol=1e-6)
    assert found[1] is not None
    assert np.allclose(found[1], offset, atol=1e-6)
    assert fit.error(*found) < 1e-5
    assert fit.error(np.zeros((6, 3)), None if found[1] is None else 0 * found[1]) > 0.9
    start = random.normal(0, 1, (6, 3))
    assert np.allclose(Fit(6, 3, False).solved(start, 1e-3)[0], start)


def test_the_offset_is_not_held_back() -> None:
    """A large offset is found whatever the strength is: only W stays near to what it was."""
    random = np.random.RandomState(0)
    weights, x = random.normal(0, 0.1, (6, 3)), random.uniform(0, 255, (500, 6))
    fit = Fit(6, 3, True)
    fit.add(x, x @ weights + 100)
    found = fit.solved(weights, 1e-3)
    assert found[1] is not None
    assert np.allclose(found[1], 100, rtol=1e-6)
    assert fit.error(*found) < 1e-6


def copied(folder: Any, dialect: Dialect = builders.PLAIN) -> Model:
    """A network of three layers, in whose first one channel 4 is half of channel 1."""
    def build() -> None:
        shape = (None, 3, 8, 8) if dialect.data_format == 'NCHW' else (None, 8, 8, 3)
        x = conv(image(shape), 6, 'first', dialect=dialect._replace(norm='none', bias='bias_add'), act=tf.nn.relu)
        head(conv(conv(x, 8, 'second', 3, dialect=dialect), 6, 'third', dialect=dialect), dialect)

    def change(name: str, array: np.ndarray) -> None:
        if name in ('first/kernel', 'first/bias'):
            array[..., 4] = 0.5 * array[..., 1]
    return changed(model_of(build, folder), change)


@pytest.mark.parametrize('data_format', ['NHWC', 'NCHW'])
def test_what_others_can_do_as_well_is_not_missed(tmp_path: Any, data_format: str) -> None:
    """Channel 1 does what channel 4 did; without the fit, the outputs change."""
    model = copied(tmp_path, Dialect(data_format=data_format))
    examples = EXAMPLES
    if data_format == 'NCHW':
        examples = [{'image:0': each['image:0'].transpose(0, 3, 1, 2)} for each in EXAMPLES]
    channels = analyse(model)
    plan = plan_from_channels(channels, {'first': [4]})
    soft = soft_prune(model, channels, plan)
    found = reconstruct(channels, soft, plan, examples, positions=32)
    fitted = with_values(soft, found.values)
    expected = run(model, examples[0])
    assert compare(expected, run(soft, examples[0]), ['output']).relative > 0.01
    assert compare(expected, run(fitted, examples[0]), ['output']).relative < 2e-3
    assert [layer.name for layer in found.layers] == ['second/Conv2D']
    assert found.layers[0].after < 0.1 * found.layers[0].before
    stripped = strip(fitted, channels.of(fitted), plan)
    assert compare(run(fitted, examples[0]), run(stripped, examples[0]), ['output']).relative <= 1e-5


def test_layer_by_layer_is_nearer_than_before(tmp_path: Any) -> None:
    """A part of every group: all layers are nearer to what they were, and so is the output."""
    model = model_of(builders.NETWORKS['residual_stage'], tmp_path)
    channels = analyse(model)
    plan = plan_from_channels(channels, {group.name: range(group.size // 4) for group in channels.groups})
    soft = soft_prune(model, channels, plan)
    found = reconstruct(channels, soft, plan, EXAMPLES, positions=32)
    assert all(layer.after < layer.before for layer in found.layers)
    fitted = with_values(soft, found.values)
    feeds = plain.feeds_for({'image': builders.IMAGE})
    before, pruned, after = (plain.run_graph(frozen_graph(each), ['output'], feeds)[0]
                             for each in (model, soft, fitted))
    assert plain.relative(before, after) < plain.relative(before, pruned)
    assert strip(fitted, channels.of(fitted), plan)
