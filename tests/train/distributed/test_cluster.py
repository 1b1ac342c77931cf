"""TF_CONFIG as a task, and the notice by which the chief calls the others."""

import json
import socket
import threading
import time
from typing import Any, Iterator, List

import pytest

from tf1pruning.errors import OptionError, PruningError
from tf1pruning.tf1 import tf
from train.config import MachineConfig
from train.distributed import cluster as module
from train.distributed.cluster import NOTICE, Cluster, LeftError, Task

MIRRORED = MachineConfig('multi_worker_mirrored')


@pytest.fixture
def chief_port() -> Iterator[socket.socket]:
    """A chief that answers, until it is closed."""
    with socket.socket() as bound:
        bound.bind(('127.0.0.1', 0))
        bound.listen(16)
        yield bound


def _cluster(folder: Any, port: socket.socket, job: str = 'worker') -> Cluster:
    addresses = {'chief': ['127.0.0.1:%d' % port.getsockname()[1]], 'worker': ['127.0.0.1:1']}
    return Cluster(Task(addresses, job, 0), MIRRORED, str(folder))


def test_what_the_environment_says(monkeypatch: Any) -> None:
    monkeypatch.delenv('TF_CONFIG', raising=False)
    assert Task.of_environment() is None
    content = {'cluster': {'chief': ['a:1'], 'worker': ['b:1', 'c:1']}, 'task': {'type': 'worker', 'index': 1}}
    monkeypatch.setenv('TF_CONFIG', json.dumps(content))
    assert Task.of_environment() == Task(content['cluster'], 'worker', 1)
    assert [Task({}, job, index).number for job, index in (('chief', 0), ('worker', 0), ('worker', 1))] == [0, 1, 2]


@pytest.mark.parametrize(('text', 'message'), [
    ('{', 'TF_CONFIG is no description of a cluster'),
    ('{"cluster": {"worker": ["a:1"]}}', 'must have one chief.*it has worker: 1'),
    ('{"cluster": {"chief": ["a:1"], "evaluator": ["b:1"]}}', 'it has chief: 1, evaluator: 1'),
    ('{"cluster": {"chief": ["a:1"]}, "task": {"type": "worker"}}', 'has no task worker:0'),
    ('{"cluster": {"chief": ["a:1"]}, "task": {"type": "chief", "index": 1}}', 'has no task chief:1'),
])
def test_descriptions_that_are_wrong(monkeypatch: Any, text: str, message: str) -> None:
    monkeypatch.setenv('TF_CONFIG', text)
    with pytest.raises(OptionError, match=message):
        Task.of_environment()


@pytest.mark.parametrize(('distribute', 'jobs', 'message'), [
    ('none', ('chief', 'worker'), 'TF_CONFIG tells of a cluster: set distribute'),
    ('mirrored', ('chief', 'worker'), 'TF_CONFIG tells of a cluster: set distribute'),
    ('parameter_server', ('chief', 'worker'), 'parameter_server needs ps'),
    ('multi_worker_mirrored', ('chief', 'worker', 'ps'), 'and multi_worker_mirrored none'),
])
def test_clusters_that_do_not_suit(tmp_path: Any, distribute: str, jobs: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Cluster(Task({job: ['a:1'] for job in jobs}, 'chief', 0), MachineConfig(distribute), str(tmp_path))
    assert not (tmp_path / NOTICE).exists()


def test_a_worker_follows_every_training_once(tmp_path: Any, chief_port: Any) -> None:
    """One that is not ready yet is tried again; the chief's own steps in between are nothing to follow."""
    chief, worker = (_cluster(tmp_path, chief_port, job) for job in ('chief', 'worker'))
    said: List[Any] = []

    def train(*arguments: Any) -> None:
        said.append(arguments)
        if said == [('first',)]:
            raise tf.errors.DeadlineExceededError(None, None, 'no variables')
        if arguments == ('second',):
            chief.finish()
        else:
            begin('second')

    def begin(argument: str) -> None:
        chief.begin_training()
        chief.call('train', [argument], lambda: chief.announce(ready=True))
    begin('first')
    worker.follow({'train': train})
    assert said == [('first',), ('first',), ('second',)]
    assert not worker.is_current()


def test_a_worker_waits_until_the_chief_is_ready(tmp_path: Any, chief_port: Any) -> None:
    """Or does something else."""
    chief, worker = (_cluster(tmp_path, chief_port, job) for job in ('chief', 'worker'))
    chief.begin_training()
    chief.call('train', [], lambda: chief.announce(ready=False))
    worker.training_id = chief.training_id
    started = time.time()
    threading.Timer(0.5, chief.announce, [True]).start()
    worker.wait_until_ready()
    assert time.time() - started > 0.4
    assert worker.is_current()
    chief.begin_training()
    chief.announce(ready=False)
    assert not worker.is_current()
    with pytest.raises(LeftError):
        worker.wait_until_ready()


def test_what_an_earlier_chief_left_is_not_believed(tmp_path: Any, chief_port: Any, monkeypatch: Any) -> None:
    """Nobody answers at its address: the training it called to is over; that it has finished is true after a while."""
    chief = _cluster(tmp_path, chief_port, 'chief')
    chief.begin_training()
    chief.call('train', [], lambda: chief.announce(ready=True))
    chief_port.close()
    assert _cluster(tmp_path, chief_port_of(chief))._notice() is None
    chief.finish()
    worker = _cluster(tmp_path, chief_port_of(chief))
    monkeypatch.setattr(module, '_PATIENCE', 0.5)
    started = time.time()
    worker.follow({'train': lambda: pytest.fail('it was believed')})
    assert time.time() - started > 0.5


@pytest.mark.parametrize('failure', [None, 'set validation_fraction'])
def test_a_chief_that_nobody_could_reach_ends(tmp_path: Any, chief_port: Any, failure: Any) -> None:
    """That it did so while the worker ran is known from what it has written."""
    worker = _cluster(tmp_path, chief_port)
    chief = _cluster(tmp_path, chief_port, 'chief')
    chief_port.close()
    chief.finish(failure)
    if failure is None:
        worker.follow({})
    else:
        with pytest.raises(PruningError, match='^the chief has failed: set validation_fraction$'):
            worker.follow({})


def test_a_chief_that_has_failed_starts_again(tmp_path: Any, chief_port: Any) -> None:
    """It is followed then, by who has waited for it, too: the old failure ends nobody."""
    _cluster(tmp_path, chief_port, 'chief').finish('a mistake')
    worker = _cluster(tmp_path, chief_port)
    chief = _cluster(tmp_path, chief_port, 'chief')
    assert not (worker._notice() or {}).get('finished')
    chief.begin_training()
    chief.call('train', [], lambda: chief.announce(ready=True))
    done: List[str] = []
    worker.follow({'train': lambda: (done.append('train'), chief.finish())})
    assert done == ['train']


def test_an_error_that_would_come_again(tmp_path: Any, chief_port: Any) -> None:
    """It ends the worker, where it would try for ever; `test_a_worker_follows_every_training_once` has the others."""
    chief, worker = (_cluster(tmp_path, chief_port, job) for job in ('chief', 'worker'))
    chief.begin_training()
    chief.call('train', [], lambda: chief.announce(ready=True))

    def train() -> None:
        raise tf.errors.InvalidArgumentError(None, None, 'no such shape')
    with pytest.raises(tf.errors.InvalidArgumentError, match='no such shape'):
        worker.follow({'train': train})


@pytest.mark.parametrize('content', ['', '[]', '{"finished": true}'])
def test_a_notice_that_is_none(tmp_path: Any, chief_port: Any, content: str) -> None:
    (tmp_path / NOTICE).write_text(content)
    assert _cluster(tmp_path, chief_port)._notice() is None
    _cluster(tmp_path, chief_port, 'chief')
    assert json.loads((tmp_path / NOTICE).read_text())['chief']


def chief_port_of(chief: Cluster) -> Any:
    """Stands for the closed socket."""
    port = int(chief.task.cluster['chief'][0].split(':')[1])
    return type('Closed', (), {'getsockname': staticmethod(lambda: ('127.0.0.1', port))})
