"""A process for every task: their addresses, their lines, their ends."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any, Dict, Tuple

import pytest

from tf1pruning.errors import OptionError, OutputError
from train.distributed import local_cluster
from train.distributed.local_cluster import LocalCluster, Running

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
@pytest.fixture(autouse=True)
def _impatient(monkeypatch: Any) -> None:
    monkeypatch.setattr(local_cluster, '_GRACE', 0.5)



DISPATCH = ("import json, os, sys; from os import *; from time import sleep; "
            "exec(sys.argv[1 + ['chief', 'worker', 'ps'].index(json.loads(environ['TF_CONFIG'])['task']['type'])])")


def _run(chief: str, worker: str, server: str = 'sleep(100)', **options: Any) -> Tuple[int, str, Dict[str, Running]]:
    """Runs a line of Python for each job; returns the exit code, what was said, and the tasks started first."""
    output = io.StringIO()
    command = [sys.executable, '-S', '-u', '-c', DISPATCH, chief, worker, server]
    with LocalCluster(command, output=output, **options) as cluster:
        tasks = dict(cluster.tasks)
        code = cluster.wait()
    return code, output.getvalue(), tasks


def test_every_task_has_its_description() -> None:
    code, text, _ = _run(*['print(environ["TF_CONFIG"])'] * 3)
    assert code == 0
    found = {name: json.loads(description) for name, description in (
        line.split(' | ') for line in text.splitlines())}
    assert sorted(found) == ['chief:0', 'ps:0', 'worker:0', 'worker:1']
    assert found['worker:1']['task'] == {'type': 'worker', 'index': 1}
    addresses = [each for job in found['ps:0']['cluster'].values() for each in job]
    assert len(set(addresses)) == 4
    assert {json.dumps(each['cluster']) for each in found.values()} == {json.dumps(found['ps:0']['cluster'])}


def test_the_chief_s_exit_code_and_the_end_of_the_others() -> None:
    """Also of what they have started."""
    code, text, tasks = _run('sleep(0.5); print("last words"); sys.exit(3)', 'system("sleep 100")')
    assert code == 3
    assert text.endswith('chief:0 | last words\nchief:0 | ended with exit code 3\n')
    assert {name: running.process.returncode for name, running in tasks.items() if name != 'chief:0'} == {
        'worker:0': -signal.SIGTERM, 'worker:1': -signal.SIGTERM, 'ps:0': -signal.SIGTERM}
    assert not any(running.printer.is_alive() for running in tasks.values()), 'somebody still holds its output'


@pytest.mark.parametrize(('restarts', 'started'), [(0, 1), (1, 2)])
def test_a_worker_that_is_killed(tmp_path: Any, restarts: int, started: int) -> None:
    """Servers and the other workers go on without it, or it is started again."""
    once = 'path.exists("%s") or (mkdir("%s"), kill(getpid(), 9))' % ((tmp_path / 'x',) * 2)
    worker = 'print("here"); %s; sleep(100)' % once
    code, text, _ = _run('sleep(1)', worker, workers=1, restarts=restarts)
    assert (code, text.count('worker:0 | ended by SIGKILL'), text.count('worker:0 | here')) == (0, 1, started)


@pytest.mark.parametrize(('restarts', 'code', 'started'), [(0, 1, 1), (1, 0, 2)])
def test_mirrored_workers_are_all_started_again(tmp_path: Any, restarts: int, code: int, started: int) -> None:
    once = 'path.exists("%s") or (mkdir("%s"), kill(getpid(), 9))' % ((tmp_path / 'x',) * 2)
    worker = 'sleep(0.3); %s; sleep(100)' % once
    found, text, _ = _run('print("here"); sleep(1)', worker, workers=1, kind='multi_worker_mirrored', restarts=restarts)
    assert (found, text.count('worker:0 | ended by SIGKILL'), text.count('chief:0 | here')) == (code, 1, started)


def test_a_server_is_needed() -> None:
    code, text, _ = _run('sleep(100)', 'sleep(100)', 'sys.exit(4)')
    assert (code, 'ps:0 | ended with exit code 4' in text) == (4, True)


@pytest.mark.parametrize(('options', 'message'), [
    ({'command': []}, 'no command: give it behind --'), ({'workers': 0}, 'at least one worker'),
    ({'servers': 0}, 'one server'), ({'kind': 'ring'}, "no kind named 'ring'")])
def test_what_is_no_cluster(options: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        LocalCluster(**{'command': ['true'], **options})


def test_a_program_that_there_is_not() -> None:
    with pytest.raises(OutputError, match='cannot run no_such_program'), LocalCluster(['no_such_program']):
        pass


def _script(*words: str) -> 'subprocess.Popen[str]':
    def heeding() -> None:  # Ctrl-C, which programs in the background ignore.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen([sys.executable, os.path.join(ROOT, 'scripts', 'launch_local_cluster.py'), *words],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
                            preexec_fn=heeding)


def test_the_script_s_mistakes_and_ctrl_c(tmp_path: Any) -> None:
    mistake = _script('--workers', '1')
    pids = tmp_path / 'pids'
    running = _script('--workers', '1', '--', 'sh', '-c', 'echo $$ >> %s; sleep 100' % pids)
    _, error = mistake.communicate()
    assert (mistake.returncode, error) == (2, 'launch_local_cluster.py: no command: give it behind --, such as -- '
                                              'python -m train.train --output out\n')
    deadline = time.time() + 60
    while not (pids.exists() and len(pids.read_text().split()) == 3) and time.time() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    assert running.wait() == 130
    for pid in pids.read_text().split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)
