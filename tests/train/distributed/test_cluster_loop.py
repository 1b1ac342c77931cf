"""The pruning loop on a cluster of processes: its zeros hold, a killed worker is survived, the chief alone writes."""

import json
import os
import signal
import sys
import threading
import time
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import pytest

from tests import plain
from tf1pruning.plan import PruningPlan
from tf1pruning.tf1 import tf
from train.classifier import Classifier
from train.config import Experiment, LeNet300Config, TrainConfig
from train.distributed.local_cluster import LocalCluster

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
NETWORK = LeNet300Config(image_size=8, hidden=(16, 8), activation='sigmoid')
"""Its sigmoid makes something of zero channels, whose weights then come back where nothing holds them."""

EXPERIMENT = """model: {name: lenet_300_100, image_size: 8, hidden: [16, 8], activation: sigmoid}
images: {name: digits}
train: {steps: 20, batch_size: 6}
machine: {distribute: %s}
"""
LOOP = """experiment: experiment.yaml
kind: ratio
values: [%s]
scopes: [all]
criterion: l1
align: 1
retrain: {steps: %d, batch_size: 6, optimizer: %s, weight_decay: 0.001, average: %s, checkpoint_steps: %d}
"""
Kills = Sequence[Tuple[str, str]]
"""Which tasks are killed, one after the other, and what is said before."""

FOREIGN = 0o027
"""What the files of all processes but the chief lack the rights of: so they tell who wrote them."""
AS_ITSELF = ("import json, os, sys; chief = json.loads(os.environ['TF_CONFIG'])['task']['type'] == 'chief'; "
             "os.umask(0o022 if chief else %d); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])" % FOREIGN)

FAILING = """import json, os, sys
from tf1pruning.errors import DataError
from tf1pruning.tf1 import tf
from train import train
from train.distributed import tasks

class Failing(tf.train.SessionRunHook):
    def after_run(self, context, values):
        raise DataError('a record is bad')

class Classifier(train.Classifier):
    def train(self, folder):
        chief = json.loads(os.environ['TF_CONFIG'])['task']['type'] == 'chief'
        return super().train(folder, hooks=[Failing()] if chief and not os.path.exists(sys.argv[-1]) else [])

tasks.Classifier = Classifier
train.define_flags('')
train.start(train.main, lambda argv: train.parse_flags(argv[:-1]))
"""
"""Trains; the chief fails in its first step, unless there is a file by the name of the last argument."""


class Output:
    """What the processes say, line by line; a line that is waited for may have consequences."""

    def __init__(self) -> None:
        self.text = ''

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        """Nothing is kept back."""


@pytest.fixture(scope='module')
def trained(tmp_path_factory: Any) -> str:
    """The network that is pruned."""
    return Classifier(Experiment(NETWORK, TrainConfig(20, batch_size=8))).train(str(tmp_path_factory.mktemp('trained')))


def _run(folder: Any, start: str, kind: str, kills: Kills, workers: int, steps: int, values: str = '0.5',
         optimizer: str = 'momentum', average: float = 0) -> Output:
    """Prunes a trained network on a cluster, where processes are killed when somebody says something."""
    (folder / 'experiment.yaml').write_text(EXPERIMENT % kind)
    (folder / 'loop.yaml').write_text(LOOP % (values, steps, optimizer, average, steps // 6))
    output = Output()
    command = [sys.executable, '-c', AS_ITSELF, '-m', 'train.prune_loop', '--config', str(folder / 'loop.yaml'),
               '--output', str(folder / 'out'), '--checkpoint', start]
    with LocalCluster(command, kind, workers, 1, len(kills), output) as cluster:  # type: ignore[arg-type]
        threading.Thread(target=_kill, args=(cluster, output, kills), daemon=True).start()
        code = cluster.wait()
        codes = {running.process.returncode for name, running in cluster.tasks.items() if name not in dict(kills)}
    assert (code, codes - {0}) == (0, set()), output.text
    assert output.text.count(' | ended by SIGKILL') == len(kills), output.text
    return output


def _kill(cluster: LocalCluster, output: Output, kills: Kills) -> None:
    heard = 0
    for victim, sign in kills:
        while sign not in output.text[heard:]:
            time.sleep(0.02)
        heard = output.text.index(sign, heard) + len(sign)
        time.sleep(0.2)  # So that it is in the midst of it.
        os.kill(cluster.tasks[victim].process.pid, signal.SIGKILL)


def _check(folder: Any, attempts: int, averages: bool = False) -> None:
    """Zeros are exact, the chief wrote everything, and what it wrote is what one process would have written."""
    history = json.loads((folder / 'history.json').read_text())
    history = [each for each in history if 'plan' in each]
    assert [each['failed_rate'] for each in history] == [0.0] * attempts
    for attempt in history:
        _check_zeros(str(folder / attempt['checkpoint']), PruningPlan.load(str(folder / attempt['plan'])), averages)
    foreign = [path for path in folder.rglob('*') if not path.stat().st_mode & 0o004]
    assert not foreign
    assert (folder / 'stripped' / 'Stripped_Dir' / 'modify.pb').exists()


def _check_zeros(prefix: str, plan: PruningPlan, averages: bool) -> None:
    zeros = Classifier(Experiment(NETWORK, TrainConfig(1))).network.zeros(prefix, plan)
    values = plain.values_of(prefix)
    held: List[str] = []
    for name, value in values.items():
        for axis, indices in zeros.get(name.rsplit('/', 1)[0], zeros.get(name, {})).items():
            assert not np.any(np.take(value, indices, axis)), name
            held.append(name)
    assert {name.rsplit('/', 1)[1] for name in held} >= {'weights', 'biases', 'Momentum' if not averages else 'Adam'}
    assert averages == any(name.endswith('/ExponentialMovingAverage') for name in held)
    assert not [node.name for node in _nodes(prefix) if node.device.startswith('/job')]


def _nodes(prefix: str) -> Any:
    meta = tf.MetaGraphDef()
    with open(prefix + '.meta', 'rb') as stream:
        meta.ParseFromString(stream.read())
    return meta.graph_def.node


def _steps(output: Output) -> Dict[str, int]:
    """Returns how many steps every worker took on the parameter servers."""
    taken: Dict[str, int] = {}
    for line in output.text.splitlines():
        name, _, said = line.partition(' | ')
        if said.startswith('took '):
            taken[name] = taken.get(name, 0) + int(said.split()[1])
    return taken


def test_parameter_servers(tmp_path: Any, trained: str) -> None:
    """The worker is killed while it trains; the chief goes on, and it follows again."""
    _run(tmp_path, trained, 'parameter_server', [('worker:0', 'worker:0 | taking part')], 1, steps=500)
    _check(tmp_path / 'out', 1)


def test_mirrored_workers(tmp_path: Any, trained: str) -> None:
    _run(tmp_path, trained, 'multi_worker_mirrored', [], 1, steps=40)
    _check(tmp_path / 'out', 1)


@pytest.mark.slow
def test_everybody_on_parameter_servers_is_killed(tmp_path: Any, trained: str) -> None:
    """A worker, and in the second retraining the chief and the server; with moving averages."""
    kills = [('worker:1', 'worker:1 | taking part'), ('chief:0', '[2/3] ratio 0.5'), ('ps:0', '| taking part')]
    output = _run(tmp_path, trained, 'parameter_server', kills, 2, steps=2500, values='0.25, 0.5', optimizer='adam',
                  average=0.9)
    _check(tmp_path / 'out', 2, averages=True)
    assert all(_steps(output).get(name, 0) > 1 for name in ('worker:0', 'worker:1')), output.text


@pytest.mark.slow
@pytest.mark.parametrize('kind', ['parameter_server', 'multi_worker_mirrored'])
def test_a_chief_fails_in_the_midst_of_a_training(tmp_path: Any, kind: str) -> None:
    """The others end with what it failed by; when that is mended, the same command works."""
    (tmp_path / 'experiment.yaml').write_text(EXPERIMENT % kind)
    command = [sys.executable, '-c', FAILING, '--config', str(tmp_path / 'experiment.yaml'),
               '--output', str(tmp_path / 'out'), str(tmp_path / 'mended')]
    output = Output()
    with LocalCluster(command, kind, 1, 1, 0, output) as cluster:  # type: ignore[arg-type]
        codes = {name: running.process.wait(300) for name, running in cluster.tasks.items()}
    assert set(codes.values()) == {2}, output.text
    assert output.text.count('chief:0 | train: a record is bad\n') == 1, output.text
    assert output.text.count(': the chief has failed: a record is bad\n') == len(codes) - 1, output.text
    (tmp_path / 'mended').touch()
    with LocalCluster(command, kind, 1, 1, 0, output) as cluster:  # type: ignore[arg-type]
        assert cluster.wait() == 0, output.text


@pytest.mark.slow
def test_a_mirrored_worker_is_killed(tmp_path: Any, trained: str) -> None:
    """All begin again, and go on after the last checkpoint."""
    output = _run(tmp_path, trained, 'multi_worker_mirrored', [('worker:1', 'retrained_0: step 150 of 300')], 2,
                  steps=300, values='0.25, 0.5')
    _check(tmp_path / 'out', 2)
    assert 'chief:0 | %s/out/00_ratio_0.25/retrained_0: going on after step ' % tmp_path in output.text
