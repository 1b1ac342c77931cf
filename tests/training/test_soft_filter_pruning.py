"""Filters go to zero after every epoch, come back in between, and are chosen for good at the end."""

import os
from typing import Any, Dict, List

import numpy as np
import pytest

from tests import plain
from tests.training.classifier import NETWORK, Watch, input_fn, model_fn, run_steps, train
from tests.training.held import plainly
from tf1pruning.channels import analyse
from tf1pruning.choice import Selection
from tf1pruning.errors import NameNotFoundError, OptionError
from tf1pruning.model.checkpoint import load_checkpoint
from tf1pruning.passes.soft_prune import soft_prune, zeros_of
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import PruningPlan
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf
from tf1pruning.training import HoldZeros, Network, SoftFilterPruning, Style, pruning_hook
from tf1pruning.verify import verify

HALF = Selection(Amount(ratio=0.5, align=2), criterion='l2')
FILTERS = {'block/expand/kernel': 24, 'last/kernel': 16, 'stem/kernel': 8}
"""Every kernel that makes channels which can go, and how many; those of the stem's stream the projection makes too."""


def zero_filters(values: Dict[str, np.ndarray]) -> Dict[str, List[int]]:
    """Numbers of the filters that are zero, by kernel."""
    return {name: np.flatnonzero(~values[name].any(axis=(0, 1, 2))).tolist() for name in FILTERS}


def test_half_of_the_filters_are_zero_after_an_epoch_and_come_back(tmp_path: Any) -> None:
    """After steps 4 and 8 just half of every kernel's filters is zero; after the steps between, none is."""
    watch = Watch()
    run_steps(9, [SoftFilterPruning(NETWORK, HALF, 4, str(tmp_path / 'plan.json')), watch])
    for step, values in enumerate(watch.values, 1):
        part = 0.5 if step in (4, 8) else 0
        found = {name: len(each) for name, each in zero_filters(values).items()}
        assert found == {name: size * part for name, size in FILTERS.items()}, step


def test_only_the_filters_are_touched(tmp_path: Any) -> None:
    """γ, β, depthwise kernels, consumers and slots have no zeros: through them the filters come back."""
    watch = Watch()
    run_steps(4, [SoftFilterPruning(NETWORK, HALF, 4, str(tmp_path / 'plan.json')), watch])
    values = watch.values[-1]
    assert all(np.all(values[name + '/Momentum']) for name in FILTERS)
    assert np.all(values['block/expand/bn/gamma'])
    assert np.all(values['block/depthwise/depthwise_kernel'])
    assert np.all(values['logits/kernel'])


def test_the_final_choice_fits_what_was_saved(tmp_path: Any) -> None:
    """The plan at the end is the choice on the last checkpoint, and with it that is pruned, stripped and verified."""
    path = str(tmp_path / 'plan.json')
    prefix = train(tmp_path / 'run', 6, [SoftFilterPruning(NETWORK, HALF, 4, path)])
    model = load_checkpoint(prefix, NETWORK.outputs, NETWORK.inputs)
    channels = analyse(to_inference(model))
    plan = PruningPlan.load(path)
    assert [group.pruned for group in plan.groups] == [group.pruned for group in HALF.plan(channels).groups]
    assert plan.pruned_count == sum(FILTERS.values()) / 2
    soft = soft_prune(model, channels, plan)
    stripped = to_inference(strip(soft, channels, plan))
    verify(to_inference(soft), stripped)
    assert stripped.variables['last/kernel'].shape[3] == 8


def test_epochs_are_counted_by_the_global_step(tmp_path: Any) -> None:
    """Training that goes on in the middle of an epoch ends that epoch first."""
    path = str(tmp_path / 'plan.json')
    train(tmp_path / 'run', 3, [SoftFilterPruning(NETWORK, HALF, 4, path)])
    watch = Watch()
    train(tmp_path / 'run', 2, [SoftFilterPruning(NETWORK, HALF, 4, path), watch])
    assert [bool(zero_filters(values)['last/kernel']) for values in watch.values] == [True, False]


class _Killed(tf.train.SessionRunHook):
    """Ends a training after a step, as a kill would: no hook comes to its end."""

    def __init__(self, step: int) -> None:
        self._left = step

    def after_run(self, run_context: tf.train.SessionRunContext, run_values: tf.train.SessionRunValues) -> None:
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt


def test_an_epoch_whose_end_a_kill_took_ends_again(tmp_path: Any) -> None:
    """The checkpoint of its last step is saved before the filters become zero; what goes on from it zeroes them."""
    def begun(folder: str, *hooks: tf.train.SessionRunHook) -> None:
        config = tf.estimator.RunConfig(str(tmp_path / folder), 1, save_checkpoints_steps=4, session_config=plainly())
        tf.estimator.Estimator(model_fn, config=config).train(input_fn, max_steps=6, hooks=[
            SoftFilterPruning(NETWORK, HALF, 4, str(tmp_path / folder / 'plan.json')), *hooks])
    begun('whole')
    with pytest.raises(KeyboardInterrupt):
        begun('broken', _Killed(5))
    begun('broken')
    first, second = (plain.values_of(str(tmp_path / folder / 'model.ckpt-6')) for folder in ('whole', 'broken'))
    for name, value in first.items():
        np.testing.assert_allclose(second[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


def test_target_for_macs(tmp_path: Any) -> None:
    """A target holds for every choice; the part of each layer then is the criterion's affair."""
    from tf1pruning.channels.cost_model import CostModel
    from tf1pruning.plan import removed_ids
    path = str(tmp_path / 'plan.json')
    selection = Selection(Amount(target={'macs': 0.5}, align=1), criterion='l1')
    prefix = train(tmp_path / 'run', 4, [SoftFilterPruning(NETWORK, selection, 2, path)])
    channels = analyse(to_inference(load_checkpoint(prefix, NETWORK.outputs, NETWORK.inputs)))
    costs = CostModel(channels)
    left = costs.macs(~removed_ids(channels, PruningPlan.load(path))) / costs.macs(costs.everything())
    assert abs(left - 0.5) < 0.01


def test_styles(tmp_path: Any) -> None:
    """Hard chooses at once, on the checkpoint, and holds; soft chooses at the end."""
    prefix = train(tmp_path / 'dense', 2)
    paths = {style: str(tmp_path / style.value) for style in Style}
    hooks = {style: pruning_hook(style, prefix, NETWORK, HALF, 2, paths[style]) for style in Style}
    assert isinstance(hooks[Style.HARD], HoldZeros)
    assert isinstance(hooks[Style.SOFT], SoftFilterPruning)
    assert os.path.exists(paths[Style.HARD])
    assert not os.path.exists(paths[Style.SOFT])
    last = train(tmp_path / 'dense', 3, [hooks[Style.HARD]])
    channels = analyse(to_inference(load_checkpoint(last, NETWORK.outputs, NETWORK.inputs)))
    for name, axes in zeros_of(channels, PruningPlan.load(paths[Style.HARD])).items():
        for axis, indices in axes.items():
            assert not np.take(channels.model.value(name), indices, axis).any()


@pytest.mark.parametrize(('hook', 'error', 'match'), [
    (lambda: SoftFilterPruning(NETWORK, HALF, 0, 'plan.json'), OptionError, 'every_steps 0'),
    (lambda: SoftFilterPruning(Network('outptu'), HALF, 4, 'plan.json'), NameNotFoundError, 'closest: output'),
    (lambda: SoftFilterPruning(NETWORK, Selection(Amount(ratio=2.0)), 4, 'plan.json'), OptionError, 'ratio 2'),
], ids=['steps', 'output', 'ratio'])
def test_mistakes_are_named_before_training(hook: Any, error: Any, match: str) -> None:
    """Steps, names and amounts are checked before the first step."""
    with pytest.raises(error, match=match):
        run_steps(1, [hook()])


def test_a_global_step_is_needed() -> None:
    """Without one there are no epochs."""
    tf.placeholder(tf.float32, [2, 3], 'output')
    with pytest.raises(OptionError, match='global step'):
        SoftFilterPruning(Network('output'), HALF, 4, 'plan.json').begin()
