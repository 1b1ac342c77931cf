"""The processes of a cluster: one leads, the others take part in its trainings.

The chief runs the program as if it were alone. What it calls through `Cluster.call` it announces in a file of its
output folder when a training begins; the workers, who run the same program, read that, call the same, and so take
part. Parameter servers serve. All of them end when the chief has finished, or has failed: then with what it failed by.
A chief that is killed says neither, and is waited for. Nobody but the chief writes into the folder.
"""

import contextlib
import json
import logging
import os
import socket
import time
import uuid
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, TypeVar

from tf1pruning.errors import OptionError, PruningError
from tf1pruning.files import write_text
from tf1pruning.tf1 import tf

from ..config import MachineConfig
from ..config.machine import CLUSTERS
from .machine import CLUSTER
from .watching import ended_with_chief

_LOG = logging.getLogger(__name__)
NOTICE = 'cluster.json'
"""What the chief announces, in its output folder."""

_POLL, _PATIENCE = 0.2, 60.0
"""Seconds between two looks at the notice, and until a chief that has finished and cannot be reached is believed."""

Notice = Mapping[str, Any]
Result = TypeVar('Result')


class Task(NamedTuple):
    """This process.

    Attributes:
        cluster: the addresses of all processes, by job.
        job: chief, worker or ps.
        position: its number in the job.
    """

    cluster: Mapping[str, List[str]]
    job: str
    position: int

    @classmethod
    def of_environment(cls) -> Optional['Task']:
        """Returns what TF_CONFIG says; None where it names no cluster.

        Raises:
            OptionError: it is no JSON, has no such task, no chief, or jobs other than chief, worker and ps.
        """
        text = os.environ.get(CLUSTER, '')
        try:
            content = json.loads(text or '{}')
            cluster = {str(job): list(map(str, addresses)) for job, addresses in content.get('cluster', {}).items()}
            task = content.get('task', {})
            found = cls(cluster, str(task.get('type', '')), int(task.get('index', 0)))
        except (ValueError, TypeError, AttributeError) as error:
            raise OptionError('%s is no description of a cluster (%s): %s' % (CLUSTER, error, text)) from error
        if not cluster:
            return None
        if not set(cluster) <= {'chief', 'worker', 'ps'} or len(cluster.get('chief', ())) != 1:
            raise OptionError('%s must have one chief, workers, and for parameter_server ps; it has %s'
                              % (CLUSTER, ', '.join('%s: %d' % (job, len(all)) for job, all in cluster.items())))
        if not 0 <= found.position < len(cluster.get(found.job, ())):
            raise OptionError('%s has no task %s:%d' % (CLUSTER, found.job, found.position))
        return found

    @property
    def number(self) -> int:
        """The chief's is 0, the first worker's 1."""
        return self.position + 1 if self.job == 'worker' else 0


class LeftError(Exception):
    """The chief has left the training that a worker would take part in."""


_AWAY = (LeftError, tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError,
         tf.errors.CancelledError, tf.errors.FailedPreconditionError)
"""What a worker meets where the others are not there yet, or not any more; all else would come again and again."""


class Cluster:
    """This process's part in the trainings of a cluster.

    Attributes:
        task: this process.
        training_id: of the training that is taken part in, and the name of its container on parameter servers.

    Args:
        task: this process.
        machine: how trainings are distributed.
        folder: the output folder, on storage that all of them share.

    Raises:
        OptionError: the cluster does not suit the distribution.
        OutputError: the folder cannot be written.
    """

    def __init__(self, task: Task, machine: MachineConfig, folder: str) -> None:
        if machine.distribute not in CLUSTERS:
            raise OptionError('%s tells of a cluster: set distribute of machine to %s, or unset it'
                              % (CLUSTER, ' or '.join(CLUSTERS)))
        if (machine.distribute == 'parameter_server') != ('ps' in task.cluster):
            raise OptionError('parameter_server needs ps in %s, and multi_worker_mirrored none: distribute is %s'
                              % (CLUSTER, machine.distribute))
        self.task = task
        self.training_id = ''
        self._path = os.path.join(folder, NOTICE)
        self._incarnation = uuid.uuid4().hex
        self._announced: Dict[str, Any] = {}
        self._seen = ''
        earlier = self._written() or {}
        self._earlier = earlier['chief'] if earlier.get('finished') else ''
        if self.is_chief:  # Before anybody can reach it: a chief that answers has written what stands there.
            self._write({})
        self._server = _server(task, machine) if machine.distribute == 'parameter_server' else None

    @property
    def is_chief(self) -> bool:
        """Whether this process leads."""
        return self.task.job == 'chief'

    def call(self, action: str, arguments: List[Any], function: Callable[[], Result]) -> Result:
        """Calls a function in which the others take part as soon as it trains.

        Args:
            action: what the others call it.
            arguments: what they give it; JSON.
            function: what the chief does.
        """
        self._announced = {'action': action, 'arguments': arguments}
        return function()

    def begin_training(self) -> None:
        """Gives what is trained next a place of its own on the parameter servers, and frees that of the last."""
        if self.is_chief:
            if self._server is not None and self.training_id:
                tf.Session.reset(self._server.target, [self.training_id], tf.ConfigProto(device_filters=['/job:ps']))
            self.training_id = uuid.uuid4().hex

    def announce(self, ready: bool) -> None:
        """Calls the others to the training that begins.

        Args:
            ready: whether they can begin, too; else they prepare themselves.
        """
        self._write({**self._announced, 'training': self.training_id, 'ready': ready})

    def finish(self, failure: Optional[str] = None) -> None:
        """Sends the others home.

        Args:
            failure: what the chief ends by, if not well.
        """
        self._write({'finished': True, 'failure': failure})

    def wait_until_ready(self) -> None:
        """Waits until the chief has given the variables their values.

        Raises:
            LeftError: it does something else by now, or does not answer.
        """
        while True:
            notice = self._notice()
            if notice is None or notice.get('training') != self.training_id:
                raise LeftError('another training')
            if notice['ready']:
                return
            time.sleep(_POLL)

    def is_current(self) -> bool:
        """Whether the training that this process takes part in is still the chief's."""
        notice = self._notice()
        return notice is None or notice.get('training') == self.training_id

    def follow(self, actions: Mapping[str, Callable[..., Any]]) -> None:
        """Takes part in every training of the chief until this has finished.

        Args:
            actions: what the chief's calls are here.

        Raises:
            PruningError: the chief has failed.
        """
        left, since = '', time.time()
        while True:
            notice = self._notice()
            if notice is not None and notice.get('finished'):
                if self._has_met(notice['chief']) or time.time() - since > _PATIENCE:
                    break
            elif (notice is not None and notice.get('training', left) != left and notice['action'] in actions
                  and self._take_part(actions[notice['action']], notice)):
                left = self.training_id
            time.sleep(_POLL)
        said = _failure(notice)
        if said is not None:
            raise PruningError(said)

    def failure(self) -> Optional[str]:
        """Returns what the chief has failed by while this process ran; None where it has not."""
        notice = self._written()
        return _failure(notice) if notice is not None and self._has_met(notice['chief']) else None

    def _has_met(self, chief: str) -> bool:
        """Whether a chief that has finished did so while this process ran; else it may be about to start again."""
        return chief == self._seen or chief != self._earlier

    def _take_part(self, action: Callable[..., Any], notice: Notice) -> bool:
        """Whether a training was taken part in to its end; False where it is not ready yet, or went away."""
        self.training_id = notice['training']
        try:
            with ended_with_chief(self.failure):
                action(*notice['arguments'])
        except _AWAY as error:
            _LOG.info('not in it (%s), trying again', type(error).__name__)
            return False
        return True

    def _notice(self) -> Optional[Notice]:
        """Returns the notice of the chief that answers now, or of one that has finished; None where there is none."""
        answers, notice = _answers(self.task.cluster['chief'][0]), self._written()
        if notice is None:
            return None
        if answers:
            self._seen = notice['chief']
        return notice if answers or notice.get('finished') else None

    def _written(self) -> Optional[Notice]:
        """Returns the notice that stands there, whoever wrote it; None where there is none."""
        with contextlib.suppress(OSError, ValueError), open(self._path, encoding='utf-8') as stream:
            notice = json.load(stream)
            return notice if isinstance(notice, dict) and 'chief' in notice else None
        return None

    def _write(self, notice: Notice) -> None:
        write_text(self._path, json.dumps({'chief': self._incarnation, **notice}) + '\n')


def _failure(notice: Notice) -> Optional[str]:
    return 'the chief has failed: %s' % notice['failure'] if notice.get('failure') else None


def _server(task: Task, machine: MachineConfig) -> tf.train.Server:
    options = tf.ConfigProto()
    options.gpu_options.allow_growth = machine.allow_growth
    return tf.train.Server(tf.train.ClusterSpec(task.cluster), task.job, task.position, config=options)


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(':')
    with contextlib.suppress(OSError), socket.create_connection((host.strip('[]'), int(port)), timeout=1):
        return True
    return False
