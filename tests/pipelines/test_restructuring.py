"""The example of the stages that fold and merge."""

import dataclasses
import os
from types import SimpleNamespace
from typing import Any

import pytest

from tf1pruning.errors import OptionError
from tf1pruning.pipelines import PipelineConfig, restructuring
from tf1pruning.pipelines.restructuring import FoldConstantsConfig, MergeDuplicatesConfig
from tf1pruning.typed_yaml import load

EXAMPLES = os.path.join(os.path.dirname(__file__), '..', '..', 'configs', 'pipelines')


def test_the_example_has_every_key() -> None:
    path = os.path.join(EXAMPLES, 'restructure.yaml')
    config = load(PipelineConfig, path)
    assert [stage.name for stage in config.stages[:3]] == ['fold_constants', 'merge_duplicates', 'verify']
    with open(path) as stream:
        parts = stream.read().split('- name: ')
    for stage, text in zip(config.stages[:2], parts[1:]):
        for field in dataclasses.fields(stage):
            assert field.name == 'name' or field.name + ':' in text, field.name


def test_the_experiment_loads() -> None:
    """Half of every layer, by 1,000 batches of 32."""
    config = load(PipelineConfig, os.path.join(EXAMPLES, 'apoz_fashion_mnist.yaml'))
    selection = config.stages[0].selection  # type: ignore[attr-defined]
    assert selection.amount.ratio == 0.5
    assert selection.calibration.number == 1000 * selection.calibration.batch


def test_what_is_asked_for() -> None:
    assert FoldConstantsConfig(tolerance=0.1, data='x').order.tolerance == 0.1
    assert not FoldConstantsConfig().order.merging
    assert not MergeDuplicatesConfig().order.folding
    for wrong in (lambda: FoldConstantsConfig(percentile=5.0), lambda: MergeDuplicatesConfig(tolerance=0.1),
                  lambda: FoldConstantsConfig(percentile=5.0, tolerance=0.1, data='x'),
                  lambda: FoldConstantsConfig(count=0), lambda: FoldConstantsConfig(deviation=(0.0,))):
        with pytest.raises(OptionError):
            wrong()


def test_the_batch_of_a_search(monkeypatch: Any) -> None:
    """Examples are run as many at once as the stage says."""
    seen = []

    def noted(*given: Any) -> None:
        seen.append(given[-1])
        raise KeyboardInterrupt
    monkeypatch.setattr(restructuring, 'analyse', lambda model: SimpleNamespace(model=model))
    monkeypatch.setattr(restructuring, '_labelled', lambda config, model: None)
    monkeypatch.setattr(restructuring, 'restructure', noted)
    config = FoldConstantsConfig(search=True, data='x', batch=7)
    with pytest.raises(KeyboardInterrupt):
        restructuring.run_restructuring(config, SimpleNamespace(load=str, model='m'), '')  # type: ignore[arg-type]
    assert seen == [7]
