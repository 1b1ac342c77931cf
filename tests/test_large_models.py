"""Models that are large: no tensor is in memory as a whole, and a frozen graph that cannot be is left out."""

import os
import tracemalloc
from typing import Any, Callable

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import Saved
from tests.surgery import load
from tf1pruning import pipeline
from tf1pruning.channels import analyse
from tf1pruning.choice import choose
from tf1pruning.errors import NotZeroError
from tf1pruning.model import graph_writer
from tf1pruning.model.checkpoint import load_checkpoint, save_checkpoint
from tf1pruning.model.model import Model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import PruningPlan
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf

MEGABYTE = 1 << 20


def wide() -> tf.Tensor:
    """A kernel of 32 MB behind a flattened feature map."""
    x = tf.reshape(builders.conv(builders.image(), 32, 'stem'), [-1, 8 * 8 * 32])
    x = tf.nn.relu(builders.dense(x, 4096, 'wide'))
    return tf.identity(builders.dense(x, builders.CLASSES, 'logits'), 'output')


def halved(saved: Saved, folder: Any) -> Saved:
    """Soft-prunes half of every group; the plan lies beside it."""
    channels = analyse(to_inference(load(saved)))
    plan = choose(channels, channels.groups, Amount(ratio=0.5), 'random')
    plan.save(os.path.join(str(folder), 'plan.json'))
    return saved._replace(prefix=save_checkpoint(soft_prune(channels.model, channels, plan), str(folder)))


def peak_of(work: Callable[[], Any]) -> float:
    """Runs something; returns the most memory that Python and NumPy took for it, in MB."""
    tracemalloc.start()
    try:
        work()
        return float(tracemalloc.get_traced_memory()[1]) / MEGABYTE
    finally:
        tracemalloc.stop()


def test_values_stream_from_file_to_file(tmp_path: Any) -> None:
    """Soft-prune, check, strip, checkpoint and frozen graph take far less memory than the tensor does."""
    saved = builders.save_graph(wide, tmp_path)
    for name in ('soft', 'hard'):
        (tmp_path / name).mkdir()
    assert load(saved).lazy('wide/kernel').nbytes == 32 * MEGABYTE
    assert peak_of(lambda: load(saved).value('wide/kernel')) >= 32
    soft = halved(saved, tmp_path / 'soft')
    plan = PruningPlan.load(str(tmp_path / 'soft' / 'plan.json'))

    def work() -> None:
        channels = analyse(to_inference(load(soft)))
        again = soft_prune(channels.model, channels, plan)
        pipeline.write_stripped(strip(again, channels.of(again), plan), str(tmp_path / 'hard'), plan)

    assert peak_of(work) < 16
    assert peak_of(lambda: _not_zero(saved, plan)) < 16
    stripped = os.path.join(str(tmp_path / 'hard'), 'Stripped_Dir')
    found = load_checkpoint(os.path.join(stripped, 'model.ckpt'), ('output',))
    expected = _cut(load(soft), plan)
    assert np.array_equal(found.value('wide/kernel'), expected)
    feeds = plain.feeds_for(saved.inputs)
    outputs = [plain.run_checkpoint(prefix, ['output'], feeds)[0]
               for prefix in (soft.prefix, os.path.join(stripped, 'model.ckpt'))]
    outputs.append(plain.run_frozen(os.path.join(stripped, 'modify.pb'), ['output'], feeds)[0])
    assert plain.relative(outputs[0], outputs[1]) <= 1e-5
    assert plain.relative(outputs[0], outputs[2]) <= 1e-5


def _not_zero(saved: Saved, plan: PruningPlan) -> None:
    channels = analyse(to_inference(load(saved)))
    with pytest.raises(NotZeroError):
        strip(channels.model, channels, plan)


def _cut(model: Model, plan: PruningPlan) -> np.ndarray:
    """The kernel behind the flattened map, cut by hand."""
    filters, units = (next(group.kept for group in plan.groups if group.anchor == anchor)
                      for anchor in (('stem/kernel', 3), ('wide/kernel', 1)))
    whole = model.value('wide/kernel').reshape(64, 32, 4096)
    return whole[:, list(filters)][..., list(units)].reshape(64 * len(filters), len(units))


def test_more_than_a_frozen_graph_can_hold(tmp_path: Any, monkeypatch: Any, caplog: Any) -> None:
    """Stripped and verified without `modify.pb`, which is said; below the limit it is there."""
    (tmp_path / 'soft').mkdir()
    soft = halved(builders.save_network('expanded', tmp_path), tmp_path / 'soft')
    plan = PruningPlan.load(str(tmp_path / 'soft' / 'plan.json'))
    for name, limit in (('fits', graph_writer.LARGEST), ('large', 1000)):
        monkeypatch.setattr(graph_writer, 'LARGEST', limit)
        report = pipeline.strip_only(load(soft), soft.prefix, plan, str(tmp_path / name))
        fits = name == 'fits'
        assert os.path.exists(str(tmp_path / name / 'Stripped_Dir' / 'modify.pb')) == fits
        assert ('pb_vs_checkpoint' in report) == fits
        assert report['stripped_vs_soft_pruned']['relative'] <= 1e-5
        assert ('modify.pb is not written' in caplog.text) != fits
