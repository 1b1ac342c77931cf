"""The command line as a process of its own: streams, exit codes, signals."""

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import Any

import pytest

from tests.cli.conftest import contents

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PRUNE = ['prune', 'net', '--outputs', 'output', '--ratio', '0.5']
SLOW = '''
import sys, time
from tf1pruning import pipeline
from tf1pruning.cli.main import run
verified = pipeline.verified
def wait(*words):
    report = verified(*words)
    open('waiting', 'w').close()
    time.sleep(60)
    return report
pipeline.verified = wait
run(['tf1pruning'] + sys.argv[1:])
'''


def _start(*words: str, **options: Any) -> 'subprocess.Popen[bytes]':
    environment = dict(os.environ, PYTHONPATH=ROOT, PYTHONWARNINGS='')
    environment.pop('TF_CPP_MIN_LOG_LEVEL', None)
    streams = dict({'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE}, **options)
    return subprocess.Popen([sys.executable, *words], env=environment, stdin=subprocess.DEVNULL, **streams)


def test_json_on_standard_output_and_nothing_else(work: str) -> None:
    process = _start('-m', 'tf1pruning', *PRUNE, '--output', 'out', '--json')
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, b'')
    assert json.loads(out.decode('utf-8'))['groups'] == 3


def test_a_mistake_is_one_line(work: str) -> None:
    """TensorFlow itself would say more of this."""
    with open('net/checkpoint', 'w') as stream:
        stream.write('this is a text')
    process = _start('-m', 'tf1pruning', *PRUNE, '--output', 'out')
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, b'')
    assert err.decode('utf-8').splitlines() == [
        'tf1pruning: no checkpoint in folder net: it has no readable `checkpoint` file; there is net/model.ckpt']


def test_a_bar_on_a_terminal(work: str) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
    process = _start('-m', 'tf1pruning', *PRUNE, '--output', 'out', stderr=theirs)
    os.close(theirs)
    seen = _read_all(ours)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert b'written to out' in out
    assert b'soft-prune' in seen
    assert b'verify' in seen
    assert b'|' in seen


def _read_all(descriptor: int) -> bytes:
    seen = b''
    try:
        while True:
            piece = os.read(descriptor, 4096)
            if not piece:
                break
            seen += piece
    except OSError:  # the other end is closed
        pass
    os.close(descriptor)
    return seen


@pytest.mark.parametrize(('number', 'code'), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_ended_by_a_signal_with_everything_written(work: str, number: int, code: int) -> None:
    os.makedirs('out/Stripped_Dir')
    with open('out/report.json', 'w') as stream:
        stream.write('{}')
    before = contents('out')
    process = _start('-c', SLOW, *PRUNE, '--output', 'out', '--force')
    deadline = time.time() + 120
    while not os.path.exists('waiting') and process.poll() is None and time.time() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    assert process.returncode == code
    assert contents('out') == before
    left = sorted(set(os.listdir('.')) - {'net', 'other', 'train', 'out', 'waiting'})
    assert (left == []) == (number != signal.SIGKILL)
    assert b'Traceback' not in err
