"""Clusters a trained network, and trains it on while its weights share their values."""

import dataclasses
import json
import os
from typing import Any, Dict

from tf1pruning.errors import ModelError, OutputError
from tf1pruning.files import atomic_folder, write_text
from tf1pruning.model.checkpoint import resolve_prefix, save_checkpoint
from tf1pruning.network import AVERAGE
from tf1pruning.passes.share_weights import prove_shared, share_weights
from tf1pruning.rewriting.shared import describe_shared
from tf1pruning.training import SharedWeights, clusters_of, warm_start_from
from tf1pruning.weights import with_values

from .classifier import Classifier
from .config import ClusterConfig

RECORD = 'cluster.json'


def cluster(classifier: Classifier, config: ClusterConfig, checkpoint: str, folder: str) -> str:
    """Gives the weights of a checkpoint few values; returns the prefix of the result.

    What is there already is not made again: training goes on from it, and must find the clusters that it began with.

    Raises:
        OutputError: the folder holds what was made otherwise, or of another checkpoint.
        OptionError: there is nothing to share.
    """
    made_of = {'cluster': json.loads(json.dumps({**dataclasses.asdict(config), 'train': None})),
               'checkpoint': os.path.relpath(resolve_prefix(checkpoint), folder)}
    path = os.path.join(folder, RECORD)
    if os.path.exists(path):
        _require_same(path, made_of)
        return resolve_prefix(folder)
    model = classifier.network.load(checkpoint)
    made = share_weights(model, config.selection)
    prove_shared(model, made.model, made, config.selection)
    averages = {name + AVERAGE: each.values() for name, each in made.clusters.items()
                if name + AVERAGE in model.weights}
    with atomic_folder(folder) as temporary:
        save_checkpoint(with_values(made.model, averages), temporary)
        write_text(os.path.join(temporary, RECORD), json.dumps(
            {**made_of, **describe_shared(made, config.selection)}, indent=1) + '\n')
    return resolve_prefix(folder)


def train_shared(classifier: Classifier, config: ClusterConfig, start: str, folder: str) -> str:
    """Trains a clustered checkpoint; returns the last checkpoint, whose weights are plain and have as few values.

    Raises:
        ModelError: a tensor has more values in the end than it may have.
    """
    with open(os.path.join(os.path.dirname(start), RECORD), encoding='utf-8') as stream:
        most = {tensor['name']: tensor['clusters'] for tensor in json.load(stream)['tensors']}
    shared = clusters_of(classifier.network.load(start), max(most.values()), list(most))
    hook = SharedWeights(shared, config.aggregation, config.preserve_sparsity)
    trained = classifier.train(folder, config.train, warm_start_from(start), [hook])
    for name, found in clusters_of(classifier.network.load(trained), max(most.values()), list(most)).items():
        if found.codebook.size > most[name]:
            raise ModelError('%s has %d values in %s, not up to %d' % (name, found.codebook.size, trained, most[name]))
    return trained


def _require_same(path: str, made_of: Dict[str, Any]) -> None:
    with open(path, encoding='utf-8') as stream:
        found = json.load(stream)
    for key, value in made_of.items():
        if found.get(key) != value:
            raise OutputError('%s was made with %s %s, not %s: choose another folder, or remove that of the record'
                              % (path, key, json.dumps(found.get(key)), json.dumps(value)))
