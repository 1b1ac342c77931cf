"""Runs the stages of a pipeline; what is there already, made of the same by the same, is not made again."""

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import shutil
import time
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from .. import __version__
from ..errors import DataError, ModelError, OutputError
from ..exports.certificate import files_of, sha256
from ..files import alone_in, atomic_folder, files_below, holds, write_text
from ..graph.inference import Input
from ..model.load import load_model, model_path
from ..model.model import Model
from ..pipeline import runnable_part
from ..report.run.places import STAGE
from ..tf1 import tf
from .config import ModelConfig, PipelineConfig, StageConfig
from .stages import KINDS
from .state import State, save

Tell = Callable[[str], None]
SUMMARY = 'pipeline.json'
MODEL_STAGE = 'model'
"""The first stage, which nobody names: the inference form of what is given."""
_LEFT = {'files', 'state', 'seconds', 'record'}
_OURS = re.compile(r'\d\d_\w+(\.tmp-\w+(\.old)?)?$')


class Outcome(NamedTuple):
    """What became of a stage.

    Attributes:
        name: the stage's.
        folder: where its result is.
        cached: whether the result was there already.
        seconds: how long it took when it was made.
        record: what it did.
    """

    name: str
    folder: str
    cached: bool
    seconds: float
    record: Dict[str, Any]


class _Stage(NamedTuple):
    """A stage with its place and the hash of all that its result depends on."""

    name: str
    folder: str
    key: str
    config: Optional[StageConfig]


def run_pipeline(config: PipelineConfig, tell: Tell = lambda stage: None) -> List[Outcome]:
    """Runs all stages.

    Every stage has a folder of its own in `config.output`, written at once or not at all; a stage whose model, earlier
    stages, configuration and files are the same as before is not run again.

    Args:
        config: the pipeline.
        tell: called with the name of every stage that is run.

    Raises:
        PruningError: the model cannot be read, or a stage refuses it; what earlier stages made stays.
        OutputError: another run works in the folder.
    """
    _require_place(config)
    stages = list(_stages(config))
    with alone_in(config.output):
        return _run_stages(config, stages, tell)


def _run_stages(config: PipelineConfig, stages: Iterable[_Stage], tell: Tell) -> List[Outcome]:
    found: List[Outcome] = []
    state: Optional[State] = None
    for stage in stages:
        cached = _read(stage)
        if cached is None:
            tell(stage.name)
            _run(stage, config.model, state)
        made = _read(stage)
        if made is None:
            raise OutputError('%s is gone while the pipeline runs: run it again' % stage.folder)
        state = State.from_json(made['state'], stage.folder)
        found.append(Outcome(stage.name, stage.folder, cached is not None, made['seconds'], made['record']))
    _remove_others(config.output, [outcome.folder for outcome in found])
    summary = [{'name': each.name, 'folder': os.path.basename(each.folder), 'seconds': each.seconds,
                'record': each.record} for each in found]
    write_text(os.path.join(config.output, SUMMARY), json.dumps(
        {'config': dataclasses.asdict(config), 'stages': summary}, indent=1) + '\n')
    return found


def dry_run(config: PipelineConfig) -> List[Outcome]:
    """Reads the model, checks its names, and returns the stages as they would run; writes nothing.

    Raises:
        PruningError: the model cannot be read, or does not have what is named.
    """
    _require_place(config)
    runnable_part(_given(config.model))
    found = [(stage, _read(stage)) for stage in _stages(config)]
    return [Outcome(stage.name, stage.folder, made is not None, made['seconds'] if made else 0.0,
                    made['record'] if made else {}) for stage, made in found]


def _stages(config: PipelineConfig) -> Iterator[_Stage]:
    """Yields the stages; each one's key holds that of the one before."""
    model = config.model
    files = [sha256(path) for path in _model_files(model.path)]
    key = _hash([__version__, tf.__version__, dataclasses.asdict(model), files])
    yield _Stage(MODEL_STAGE, os.path.join(config.output, '00_' + MODEL_STAGE), key, None)
    for number, stage in enumerate(config.stages, 1):
        read = [_content(getattr(stage, name)) for name in KINDS[type(stage)].reads if getattr(stage, name)]
        key = _hash([key, dataclasses.asdict(stage), read])
        yield _Stage(stage.name, os.path.join(config.output, '%02d_%s' % (number, stage.name)), key, stage)


def _run(stage: _Stage, model: ModelConfig, state: Optional[State]) -> None:
    start = time.perf_counter()
    with atomic_folder(stage.folder) as folder:
        if stage.config is None or state is None:
            made, record = _begin(model, folder)
        else:
            made, record = KINDS[type(stage.config)].run(stage.config, state, folder)
        state = made.moved(folder, stage.folder)
        content = {'key': stage.key, 'files': _hashes(folder), 'state': state.to_json(stage.folder),
                   'seconds': round(time.perf_counter() - start, 3), 'record': record}
        write_text(os.path.join(folder, STAGE), json.dumps(content, indent=1) + '\n')


def _begin(config: ModelConfig, folder: str) -> Tuple[State, Dict[str, Any]]:
    """Writes the inference form of the model that the pipeline is for."""
    given = runnable_part(_given(config))
    path = save(given, folder)
    return State(path, path, None, path, given.outputs, {name: each.shape for name, each in given.inputs.items()}), {}


def _given(config: ModelConfig) -> Model:
    feeds: Dict[str, Any] = {**config.flags, **config.numbers}
    inputs = {name: Input('', each.shape) for name, each in config.inputs.items()}
    model = load_model(config.path, config.outputs, inputs, feeds)
    if not model.outputs:
        raise ModelError('name the outputs of %s: model: outputs: [logits]' % config.path)
    return model


def _model_files(path: str) -> List[str]:
    return files_of(model_path(path))


def _content(path: str) -> Any:
    """Returns what tells whether a file, or what is in a folder, has changed."""
    if not os.path.exists(path):
        raise DataError('no file or folder %s' % path)
    if os.path.isfile(path):
        return sha256(path)
    stats = [(name, os.stat(name)) for name in files_below(path) if os.path.exists(name)]
    return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]


def _hashes(folder: str) -> Dict[str, str]:
    """Returns the hashes of the files that a stage made, by their names seen from its folder."""
    return {os.path.relpath(name, folder): sha256(name) for name in files_of(folder)}


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _read(stage: _Stage) -> Optional[Dict[str, Any]]:
    """Returns what a finished stage with this key left, if all its files are as it made them."""
    with contextlib.suppress(OSError, ValueError):
        with open(os.path.join(stage.folder, STAGE), encoding='utf-8') as stream:
            made = json.load(stream)
        if isinstance(made, dict) and made.get('key') == stage.key and set(made) >= _LEFT:
            return made if dict(made['files']).items() <= _hashes(stage.folder).items() else None
    return None


def _require_place(config: PipelineConfig) -> None:
    """Refuses a folder with anything in it that no pipeline wrote.

    Raises:
        OutputError: it has.
    """
    if not config.output:
        raise OutputError('say where to write: output in the file, or --output DIR')
    if os.path.exists(config.output) and not os.path.isdir(config.output):
        raise OutputError('%s is a file: name a folder' % config.output)
    foreign = [name for name in sorted(os.listdir(config.output)) if name != SUMMARY and not _OURS.match(name)
               ] if os.path.isdir(config.output) else []
    if foreign:
        raise OutputError('%s holds %r, which no pipeline wrote: choose another folder' % (config.output, foreign[0]))
    if holds(config.output, config.model.path):
        raise OutputError('%s lies in %s: choose another folder' % (config.model.path, config.output))


def _remove_others(output: str, folders: List[str]) -> None:
    """Removes what an earlier form of the pipeline, or an interrupted run, left."""
    kept = {os.path.basename(folder) for folder in folders} | {SUMMARY}
    for name in sorted(os.listdir(output)):
        if name not in kept:
            shutil.rmtree(os.path.join(output, name), ignore_errors=True)
