"""What the configuration of the machine does to a training, and what it does not."""

import dataclasses
import json
import os
from typing import Any

import numpy as np
import pytest

from tests import plain
from tf1pruning.errors import OptionError, UnsupportedError
from tf1pruning.tf1 import tf
from tf1pruning.training import warm_start_from
from train.classifier import Classifier
from train.config import (
    AugmentConfig,
    DigitsConfig,
    Experiment,
    ImportedConfig,
    LeNet300Config,
    MachineConfig,
    TrainConfig,
)
from train.distributed import tasks
from train.distributed.machine import CLUSTER, alone, evaluation_config, run_config
from train.resuming import RECORD

OLD = tf.__version__.startswith('1.')
ONE = Experiment(LeNet300Config(image_size=8, hidden=(16,)),
                 TrainConfig(4, batch_size=8, optimizer='momentum', weight_decay=0.01),
                 DigitsConfig(augment=AugmentConfig()))
TWO = dataclasses.replace(ONE, machine=MachineConfig('mirrored', replicas=2))


def test_two_devices_train_as_one_does(tmp_path: Any) -> None:
    """The same batches, halved: the same weights; and the graph is that of one device, so that all can go on."""
    start = warm_start_from(Classifier(ONE).train(str(tmp_path / 'start')))
    paths = [Classifier(each).train(str(tmp_path / name), start=start) for name, each in (('one', ONE), ('two', TWO))]
    one, two = (plain.values_of(path) for path in paths)
    assert sorted(one) == sorted(two)
    for name in one:
        np.testing.assert_allclose(one[name], two[name], rtol=1e-4, atol=1e-6, err_msg=name)
    variables = [sorted(node.name for node in _graph(path).node if node.op in ('VariableV2', 'VarHandleOp'))
                 for path in paths]
    assert variables[0] == variables[1]
    assert Classifier(ONE).evaluate(paths[1]) == Classifier(TWO).evaluate(paths[1])
    longer = dataclasses.replace(ONE, train=dataclasses.replace(ONE.train, steps=5))
    assert Classifier(longer).train(str(tmp_path / 'two')).endswith('-5')


def _graph(prefix: str) -> tf.GraphDef:
    meta = tf.MetaGraphDef()
    with open(prefix + '.meta', 'rb') as stream:
        meta.ParseFromString(stream.read())
    return meta.graph_def


def test_the_machine_is_not_recorded(tmp_path: Any) -> None:
    """Records written before there was a machine are as those of now."""
    Classifier(ONE).train(str(tmp_path))
    with open(str(tmp_path / RECORD)) as stream:
        assert set(json.load(stream)) == {'model', 'train', 'images'}


@pytest.mark.parametrize(('experiment', 'message'), [
    (dataclasses.replace(TWO, train=dataclasses.replace(ONE.train, batch_size=9)), 'batch_size 9 is no multiple of 2'),
    (dataclasses.replace(ONE, machine=MachineConfig('parameter_server')), 'parameter_server needs TF_CONFIG'),
])
def test_what_cannot_be_trained(tmp_path: Any, experiment: Experiment, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Classifier(experiment).train(str(tmp_path))


@pytest.mark.skipif(not OLD, reason='TensorFlow 2.x has averages of mirrored variables')
def test_averages_of_mirrored_variables(tmp_path: Any) -> None:
    averaged = dataclasses.replace(TWO, train=dataclasses.replace(ONE.train, average=0.9))
    with pytest.raises(UnsupportedError, match='set average: 0'):
        Classifier(averaged).train(str(tmp_path))


def test_nothing_asked_for_changes_nothing(tmp_path: Any) -> None:
    assert run_config(MachineConfig(), str(tmp_path), ONE.train).session_config is None
    assert evaluation_config(MachineConfig(bfloat16=True), str(tmp_path)).session_config is None


def test_options_of_the_session(tmp_path: Any) -> None:
    machine = MachineConfig(allow_growth=True)
    for config in (run_config(machine, str(tmp_path), ONE.train), evaluation_config(machine, str(tmp_path))):
        assert config.session_config.gpu_options.allow_growth


def test_a_worker_does_without_the_others(tmp_path: Any, monkeypatch: Any) -> None:
    """Options of our own keep the filter of devices; an evaluation knows no cluster."""
    cluster = {'chief': ['localhost:1'], 'worker': ['localhost:2'], 'ps': ['localhost:3']}
    monkeypatch.setenv(CLUSTER, json.dumps({'cluster': cluster, 'task': {'type': 'worker', 'index': 0}}))
    machine = MachineConfig('parameter_server', allow_growth=True)
    config = run_config(machine, str(tmp_path), ONE.train)
    assert list(config.session_config.device_filters) == ['/job:ps', '/job:worker/task:0']
    assert config.num_ps_replicas == 1
    assert evaluation_config(machine, str(tmp_path)).num_ps_replicas == 0
    with alone():
        assert CLUSTER not in os.environ
    assert CLUSTER in os.environ


@pytest.mark.parametrize('changes', [{'distribute': 'everywhere'}, {'replicas': 2}, {'replicas': -1}])
def test_configurations_that_there_are_not(changes: Any) -> None:
    with pytest.raises(OptionError, match='distribute|replicas'):
        MachineConfig(**changes)


@pytest.mark.parametrize(('model', 'unshared', 'message'), [
    (ONE.model, ['soft', 'distill'], 'mirrored does not go with soft, distill: leave that out'),
    (ImportedConfig(checkpoint='x', input='a:0', output='b'), [], 'does not go with an imported network'),
])
def test_what_cannot_be_distributed(tmp_path: Any, model: Any, unshared: Any, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        tasks.run_task(dataclasses.replace(TWO, model=model), str(tmp_path), lambda classifier: 0, lambda worker: {},
                       unshared)
    assert tasks.run_task(ONE, str(tmp_path), lambda classifier: 3, lambda worker: {}, ['soft']) == 3
