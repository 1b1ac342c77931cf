"""The same cut by different methods, all with the same number of training steps."""

import dataclasses
import os
from typing import Any, Callable, Dict, Mapping

import numpy as np

from tf1pruning.channels import analyse
from tf1pruning.choice import Selection
from tf1pruning.model.checkpoint import save_checkpoint
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.pipeline import strip_only
from tf1pruning.plan import PruningPlan
from tf1pruning.search.loop import prune_loop
from train.classifier import Classifier
from train.config import LoopConfig
from train.measure import Frozen
from train.prune_loop import prune, settings_of
from train.retraining import Retraining

from .case import updates_of

Method = Callable[[Classifier, str, LoopConfig, str], Dict[str, Any]]
"""Classifier, dense checkpoint, loop and folder → test accuracy, and MACs and parameters before and after."""


def in_a_loop(classifier: Classifier, dense: str, loop: LoopConfig, folder: str) -> Dict[str, Any]:
    """Runs the pruning loop with everything that its configuration says."""
    result = prune(classifier, dense, loop, folder)
    assert result.stripped is not None
    assert result.final is not None
    return _measured(classifier, result.stripped, os.path.join(folder, result.final['pb']))


def without_hooks(classifier: Classifier, dense: str, loop: LoopConfig, folder: str) -> Dict[str, Any]:
    """Runs the loop as it is without hooks: nothing holds the zeros, and what came back is zeroed in the end."""
    each = updates_of(loop) // len(loop.values)
    plain = dataclasses.replace(loop, retrain=dataclasses.replace(loop.retrain, steps=each), finetune=None,
                                distill=None, recalibrate=0, max_failed_rate=1.0)
    training = Retraining(classifier, plain, dense, 'validation')

    def retrain(checkpoint: str, output: str, _: PruningPlan) -> str:
        return training.train(output, plain.retrain, checkpoint)
    result = prune_loop(dense, folder, classifier.network, settings_of(plain), retrain, training.evaluate)
    assert result.stripped is not None
    return _measured(classifier, result.stripped, os.path.join(folder, 'stripped', 'Stripped_Dir', 'modify.pb'))


def one_shot(criterion: str) -> Method:
    """Returns the method that takes the same part of every layer at once, strips, and trains what remains."""
    def method(classifier: Classifier, dense: str, loop: LoopConfig, folder: str) -> Dict[str, Any]:
        stripped = _stripped_at_once(classifier, dense, loop, criterion, folder)
        start = os.path.join(folder, 'stripped', 'Stripped_Dir')
        train = dataclasses.replace(loop.finetune or loop.retrain, steps=updates_of(loop))
        small = classifier.of_checkpoint(start)
        checkpoint = small.train(os.path.join(folder, 'trained'), train)
        accuracy = small.evaluate(checkpoint, 'test')['accuracy']
        return {'accuracy': accuracy, **{name: stripped[name] for name in ('macs', 'parameters')}}
    return method


METHODS: Mapping[str, Method] = {
    'loop': in_a_loop, 'random': one_shot('random'), 'uniform_l1': one_shot('l1'), 'without_hooks': without_hooks}


def _stripped_at_once(classifier: Classifier, dense: str, loop: LoopConfig, criterion: str,
                      folder: str) -> Mapping[str, Any]:
    model = classifier.network.load(dense)
    channels = analyse(to_inference(model))
    settings = settings_of(dataclasses.replace(loop, together=False))
    plan = Selection(settings.steps[-1].amount(settings.limits), settings.scopes, settings.exclude,
                     criterion).plan(channels)
    if criterion == 'random':
        plan = drawn(plan, loop.retrain.seed)
    soft = save_checkpoint(soft_prune(model, channels, plan), os.path.join(folder, 'soft'))
    return strip_only(classifier.network.load(soft), soft, plan, os.path.join(folder, 'stripped'), force=True)


def drawn(plan: PruningPlan, seed: int) -> PruningPlan:
    """Draws as many channels of every group as a plan has."""
    random = np.random.RandomState(seed)
    return PruningPlan(tuple(group._replace(pruned=tuple(int(each) for each in np.sort(
        random.permutation(group.size)[:len(group.pruned)]))) for group in plan.groups))


def _measured(classifier: Classifier, stripped: Mapping[str, Any], pb: str) -> Dict[str, Any]:
    accuracy = Frozen(pb, output_node=classifier.network.outputs[0]).accuracy(classifier.images.test)
    return {'accuracy': accuracy, **{name: stripped[name] for name in ('macs', 'parameters')}}
