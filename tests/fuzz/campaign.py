"""Many cases, one after the other, in a worker that is replaced when it dies; what was found is kept on disk."""

import collections
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from typing import Any, Callable, Dict, List, Optional

from tests.fuzz import worker
from tf1pruning.files import write_text

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GRACE_SECONDS = 5
"""After the worker's own alarm, which does not ring while it is in TensorFlow."""
START_SECONDS = 120
TOO_LONG = ('TooSlowError', 'no answer')
GOOD = ('done', 'differs', 'refused')
DAMAGED = 'tests.fuzz.worker:damaged_input'


class Worker:
    """A process that runs cases.

    Args:
        case: what runs one, as `module:function`.
        seed: of the run.
        seeds: folder of sound input.
        folder: where its own folders are made, and its log.
    """

    def __init__(self, case: str, seed: int, seeds: str, folder: str) -> None:
        self._words = [sys.executable, '-m', 'tests.fuzz.worker', case, str(seed), seeds, str(worker.SECONDS)]
        self._folder, self._log = os.path.join(folder, 'work'), os.path.join(folder, 'worker.log')
        self._process: Optional[subprocess.Popen[bytes]] = None

    def _start(self) -> 'subprocess.Popen[bytes]':
        os.makedirs(self._folder, exist_ok=True)
        environment = dict(os.environ, TMPDIR=self._folder, PYTHONWARNINGS='ignore', TF_CPP_MIN_LOG_LEVEL='2',
                           PYTHONPATH=os.pathsep.join([ROOT, os.environ.get('PYTHONPATH', '')]))
        with open(self._log, 'wb') as log:
            self._process = subprocess.Popen(self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                             cwd=ROOT, env=environment, bufsize=0)
        assert self._answer(START_SECONDS) == b'ready\n', self.last_words()
        return self._process

    def run(self, number: int) -> Dict[str, Any]:
        """Runs a case, and says how it ended."""
        process = self._process or self._start()
        assert process.stdin is not None
        began = time.time()
        process.stdin.write(b'%d\n' % number)
        answer = self._answer(worker.SECONDS + GRACE_SECONDS)
        if answer:
            found = dict(json.loads(answer.decode()))
            if found['ended'] not in GOOD:
                self.close()
            return found
        ended = 'no answer'
        if process.poll() is None and answer is None:
            process.kill()
        code = process.wait()
        if answer is not None:
            ended = 'died of %s' % (signal.Signals(-code).name if code < 0 else 'exit code %d' % code)
        self._process = None
        names = os.listdir(self._folder)
        return {'case': number, 'ended': ended, 'text': self.last_words(), 'seconds': round(time.time() - began, 3),
                'work': os.path.join(self._folder, names[0]) if names else ''}

    def _answer(self, seconds: float) -> Optional[bytes]:
        """Returns a line, nothing if the process has ended, None if it does not answer."""
        assert self._process is not None
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        return self._process.stdout.readline() if ready else None

    def last_words(self) -> str:
        """Returns the end of what it has said."""
        with open(self._log, errors='replace') as stream:
            return stream.read()[-2000:]

    def close(self) -> None:
        """Ends it."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.kill()
            self._process.wait()
            self._process = None


class Campaign:
    """Runs cases 0 … count − 1; interrupted, it goes on behind the last one.

    Attributes:
        done: how many cases are behind us.
        seconds: how long they took.
        endings: how many ended how.
        findings: those that did not end well.
        repeated: how many took too long at first.

    Args:
        folder: where everything is kept: `campaign.json`, the seeds, and the input of every finding.
        seed: of the mutations.
        case: what runs one, as `module:function`.
    """

    def __init__(self, folder: str, seed: int, case: str = DAMAGED) -> None:
        self.folder, self.seed = os.path.abspath(folder), seed
        self.done, self.seconds = 0, 0.0
        self.endings: Dict[str, int] = collections.Counter()
        self.findings: List[Dict[str, Any]] = []
        self.repeated = 0
        self._state = os.path.join(self.folder, 'campaign.json')
        if os.path.exists(self._state):
            self._read()
        self.worker = Worker(case, seed, os.path.join(self.folder, 'seeds'), self.folder)

    def _read(self) -> None:
        with open(self._state) as stream:
            state = json.load(stream)
        if state['seed'] != self.seed:
            raise SystemExit('%s is of seed %d: choose another folder' % (self._state, state['seed']))
        self.done, self.seconds, self.findings = state['done'], state['seconds'], state['findings']
        self.repeated = state['repeated']
        self.endings.update(state['endings'])

    def write(self) -> None:
        """Notes how far it is."""
        write_text(self._state, json.dumps({
            'seed': self.seed, 'done': self.done, 'seconds': round(self.seconds, 1), 'endings': self.endings,
            'repeated': self.repeated, 'findings': self.findings}, indent=1) + '\n')

    def run(self, count: int, tell: Callable[['Campaign', int], None] = lambda campaign, count: None) -> None:
        """Runs what is missing of so many cases.

        Args:
            count: how many in all.
            tell: called after every case.
        """
        try:
            while self.done < count:
                began = time.time()
                self._note(self._run(self.done))
                self.done += 1
                self.seconds += time.time() - began
                tell(self, count)
                if self.done % 50 == 0:
                    self.write()
        finally:
            self.worker.close()
            self.write()

    def _run(self, number: int) -> Dict[str, Any]:
        """Runs a case; one that takes too long once more, alone in a new process: the machine may be busy."""
        found = self.worker.run(number)
        if found['ended'].startswith(TOO_LONG):
            self.worker.close()
            shutil.rmtree(found['work'], ignore_errors=True)
            self.repeated += 1
            found = self.worker.run(number)
        return found

    def _note(self, found: Dict[str, Any]) -> None:
        self.endings[found['ended']] = self.endings.get(found['ended'], 0) + 1
        if found['ended'] in GOOD:
            return
        kept = os.path.join(self.folder, 'findings', str(found['case']))
        shutil.rmtree(kept, ignore_errors=True)
        if found['work']:
            shutil.move(found['work'], kept)
        self.findings.append(dict(found, work=kept))
