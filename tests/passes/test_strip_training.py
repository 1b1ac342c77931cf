"""Stripping a training graph: it trains on in plain TensorFlow, slots and averages included."""

from typing import Any, Dict, NamedTuple

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import channels_of, load
from tf1pruning.channels import Channels
from tf1pruning.choice import choose
from tf1pruning.model.checkpoint import save_checkpoint
from tf1pruning.model.model import Model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import PruningPlan, pruned_slices
from tf1pruning.ranking import Amount

CASES: Dict[str, Dict[str, Any]] = {
    'adam': {}, 'momentum': {'optimizer': 'momentum'}, 'rmsprop': {'optimizer': 'rmsprop'},
    'adagrad': {'optimizer': 'adagrad'}, 'flag': {'flag': 'placeholder'}, 'resource': {'use_resource': True},
    'resource-rmsprop': {'use_resource': True, 'optimizer': 'rmsprop'}, 'average': {'average': True},
    'regularised': {'regularised': True}, 'partitioned': {'partitions': 2},
    'partitioned-resource': {'partitions': 2, 'use_resource': True},
    'everything': {'flag': 'placeholder', 'average': True, 'use_resource': True, 'optimizer': 'momentum',
                   'regularised': True},
}


class Trained(NamedTuple):
    """A training graph with half of every group pruned.

    Attributes:
        saved: as it was.
        options: how it was made.
        source: the training graph.
        channels: analysis of its inference form.
        plan: what goes.
        soft: soft-pruned training graph.
        hard: stripped training graph.
        soft_prefix: the former on disk.
        hard_prefix: the latter.
    """

    saved: builders.Saved
    options: Dict[str, Any]
    source: Model
    channels: Channels
    plan: PruningPlan
    soft: Model
    hard: Model
    soft_prefix: str
    hard_prefix: str


@pytest.fixture(scope='module', params=sorted(CASES))
def trained(request: Any, tmp_path_factory: Any) -> Trained:
    """One training graph, pruned and stripped."""
    folder = tmp_path_factory.mktemp('trained')
    options = CASES[request.param]
    saved = builders.save_training(folder, **options)
    source, channels = load(saved), channels_of(saved)
    plan = choose(channels, channels.groups, Amount(ratio=0.5, align=2), 'l1')
    soft = soft_prune(source, channels, plan)
    hard = strip(soft, channels, plan)
    for name in ('soft', 'hard'):
        (folder / name).mkdir()
    return Trained(saved, options, source, channels, plan, soft, hard, save_checkpoint(soft, str(folder / 'soft')),
                   save_checkpoint(hard, str(folder / 'hard')))


def companions(trained: Trained) -> Dict[str, str]:
    """Owner of every slot and average, by its own name."""
    return {companion.node: owner for owner, each in trained.source.companions.items() for companion in each}


def sliced(trained: Trained, name: str, value: np.ndarray) -> np.ndarray:
    """What must remain of a variable's value."""
    owner = companions(trained).get(name, name)
    for axis, indices in pruned_slices(trained.channels, trained.plan).get(owner, {}).items():
        value = np.delete(value, indices, axis)
    return value


def test_every_value_is_a_slice_of_the_old_one(trained: Trained) -> None:
    """Variables, statistics, slots, averages, step: bit for bit; slots of pruned kernels have shrunk."""
    shrunk = set()
    for name in trained.source.variables:
        expected = sliced(trained, name, trained.soft.value(name))
        assert np.array_equal(trained.hard.value(name), expected)
        if expected.shape != trained.source.variables[name].shape:
            shrunk.add(name)
    optimizer = trained.options.get('optimizer', 'adam')
    kernel = 'block_1/expand/kernel' + ('/part_0' if trained.options.get('partitions') else '')
    for suffix in builders.SLOTS[optimizer]:
        assert '%s/%s' % (kernel, suffix) in shrunk
        assert np.abs(trained.hard.value('%s/%s' % (kernel, suffix))).max() > 0
    assert 'global_step' not in shrunk
    assert trained.hard.value('global_step') == 3


def test_slots_of_what_goes_are_zero_after_soft_pruning(trained: Trained) -> None:
    """Except Adagrad's, which are divided by; what stays is untouched."""
    adagrad = trained.options.get('optimizer') == 'adagrad'
    owners = companions(trained)
    gone = pruned_slices(trained.channels, trained.plan)
    statistics = ('moving_mean', 'moving_variance')
    for name in trained.source.variables:
        owner = owners.get(name, name)
        before, after = trained.source.value(name), trained.soft.value(name)
        for axis, indices in gone.get(owner, {}).items():
            pruned = np.take(after, indices, axis)
            kept = owner.endswith(statistics) or (adagrad and name.endswith('Adagrad'))
            assert np.array_equal(pruned, np.take(before, indices, axis)) if kept else not pruned.any()
        assert np.array_equal(sliced(trained, name, before), sliced(trained, name, after))


def test_training_goes_on(trained: Trained, tmp_path: Any) -> None:
    """One step in plain TensorFlow: the same loss as soft-pruned, the same values in what remains, all moved."""
    feeds = builders.training_feeds(9, trained.options.get('flag', 'always'))
    for name in ('soft', 'hard'):
        (tmp_path / name).mkdir()
    soft_loss, soft = plain.train_step(trained.soft_prefix, feeds, str(tmp_path / 'soft'))
    hard_loss, hard = plain.train_step(trained.hard_prefix, feeds, str(tmp_path / 'hard'))
    assert hard_loss == pytest.approx(soft_loss, rel=1e-5)
    assert sorted(soft) == sorted(hard)
    assert hard['global_step'] == 4
    before = plain.values_of(trained.hard_prefix)
    assert not np.array_equal(hard['logits/kernel'], before['logits/kernel'])
    if not trained.options.get('partitions'):
        # Adam turns the rounding of a gradient that is almost zero into a part of its step of 0.01.
        tolerance = 2e-3 if trained.options.get('optimizer', 'adam') == 'adam' else 1e-5
        for name in hard:
            assert np.allclose(hard[name], sliced(trained, name, soft[name]), rtol=1e-3, atol=tolerance), name


def test_collections_and_initialisers(trained: Trained, tmp_path: Any) -> None:
    """trainable_variables and global_variables have the shapes that remain; everything initialises and saves."""
    expected = {name: variable.shape for name, variable in trained.hard.variables.items()}
    whole, stripped = plain.collections_of(trained.saved.prefix), plain.collections_of(trained.hard_prefix)
    assert stripped.all == expected
    assert sorted(stripped.all) == sorted(whole.all)
    assert stripped.trainable == {name: expected[name] for name in whole.trainable}
    values, back = plain.initialise_and_resave(trained.hard_prefix, str(tmp_path))
    assert {name: value.shape for name, value in back.items()} == expected
    assert sorted(values) == sorted(plain.values_of(trained.hard_prefix))


def test_inference_forms_are_equal(trained: Trained, tmp_path: Any) -> None:
    """Soft-pruned and stripped, each put into inference mode."""
    outputs = []
    for name, model in (('soft', trained.soft), ('hard', trained.hard)):
        (tmp_path / name).mkdir()
        prefix = save_checkpoint(to_inference(model), str(tmp_path / name))
        outputs.append(plain.run_checkpoint(prefix, ['output'], plain.feeds_for(trained.saved.inputs))[0])
    assert plain.relative(*outputs) <= 1e-5


def test_a_training_graph_of_fixed_batch_size(tmp_path: Any) -> None:
    """Gradients then spell static shapes of forward tensors: they follow."""
    saved = builders.save_training(tmp_path, batch=4)
    source, channels = load(saved._replace(inputs={})), channels_of(saved._replace(inputs={}))
    plan = choose(channels, channels.groups, Amount(ratio=0.5, align=2), 'l1')
    soft = soft_prune(source, channels, plan)
    losses = []
    for name, model in (('soft', soft), ('hard', strip(soft, channels, plan))):
        (tmp_path / name).mkdir()
        prefix = save_checkpoint(model, str(tmp_path / name))
        (tmp_path / name / 'next').mkdir()
        losses.append(plain.train_step(prefix, builders.training_feeds(9), str(tmp_path / name / 'next'))[0])
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
