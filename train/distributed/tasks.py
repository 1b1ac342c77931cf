"""What each process of a program does: one leads, or is alone; the others follow it."""

import contextlib
import json
from typing import Any, Callable, Mapping, Optional, Sequence

from tf1pruning.errors import OutputError, UnsupportedError
from tf1pruning.files import alone_in
from tf1pruning.graph.shapes import first_line
from tf1pruning.output_folder import require_readable_back
from tf1pruning.plan import PruningPlan
from tf1pruning.tf1 import release_server

from ..classifier import Classifier
from ..config import Experiment, ImportedConfig, MachineConfig
from .cluster import Cluster, Task

Actions = Mapping[str, Callable[..., Any]]
Lead = Callable[[Classifier], Optional[int]]
Retrain = Callable[[str, str, PruningPlan], str]


def run_task(experiment: Experiment, folder: str, lead: Lead,
             actions: Callable[[Classifier], Actions], unshared: Sequence[str] = ()) -> Optional[int]:
    """Does what the task of this process is, by `TF_CONFIG`.

    Args:
        experiment: the network, its images and its training.
        folder: the output folder, which all processes share.
        lead: what the chief does, or the only process there is; it returns the exit code.
        actions: what workers do at the chief's calls.
        unshared: names of what is asked for that only one device and one process can do.

    Raises:
        UnsupportedError: it is to be distributed, but there is that, or a network that is imported.
        OptionError: TF_CONFIG is no description of a cluster, or not one for this distribution.
        OutputError: the chief cannot write into the folder, another process leads there already, or TensorFlow could
            not read its checkpoints back.
        PruningError: the chief has failed, which this process follows.
    """
    distribute = experiment.machine.distribute
    refused = [*unshared, *['sparsify'] * (experiment.sparsify is not None),
               *['cluster'] * (experiment.cluster is not None),
               *['an imported network'] * isinstance(experiment.model, ImportedConfig)]
    if distribute != MachineConfig.distribute and refused:
        raise UnsupportedError('distribute: %s does not go with %s: leave that out, or set distribute: none'
                               % (distribute, ', '.join(refused)))
    require_readable_back(folder)
    task = Task.of_environment()
    if task is not None and task.job != 'chief':
        return _follow(Cluster(task, experiment.machine, folder), experiment, actions)
    with alone_in(folder):
        if task is None:
            return lead(Classifier(experiment))
        return _lead(Cluster(task, experiment.machine, folder), experiment, lead)


def _follow(cluster: Cluster, experiment: Experiment, actions: Callable[[Classifier], Actions]) -> int:
    try:
        cluster.follow(actions(Classifier(experiment, cluster=cluster)) if cluster.task.job == 'worker' else {})
        return 0
    finally:
        release_server()


def _lead(cluster: Cluster, experiment: Experiment, lead: Lead) -> Optional[int]:
    """Leads, and tells the others how that ends, but for an interruption: they wait for who goes on with it."""
    try:
        code = lead(Classifier(experiment, cluster=cluster))
        if not code:
            cluster.finish()
        return code
    except Exception as error:
        with contextlib.suppress(OutputError):  # What is wrong is said by the chief itself.
            cluster.finish(first_line(error))
        raise
    finally:
        release_server()


def train_together(classifier: Classifier, folder: str) -> str:
    """Trains as `Classifier.train` does, in a cluster with the workers, and returns the checkpoint."""
    if classifier.cluster is None:
        return classifier.train(folder)
    return classifier.cluster.call('train', [folder], lambda: classifier.train(folder))


def retrain_together(classifier: Classifier, retrain: Retrain) -> Retrain:
    """Returns a retraining that the workers of a cluster take part in."""
    cluster = classifier.cluster
    if cluster is None:
        return retrain

    def together(checkpoint: str, folder: str, plan: PruningPlan) -> str:
        return cluster.call('retrain', [checkpoint, folder, plan.to_json()],
                            lambda: retrain(checkpoint, folder, plan))
    return together


def following(worker: Classifier, retrain: Retrain) -> Actions:
    """Returns what a worker does at the calls of a chief that prunes in a loop."""
    return {'train': worker.train, 'retrain': lambda checkpoint, folder, plan: retrain(
        checkpoint, folder, PruningPlan.from_dict(json.loads(plan)))}
