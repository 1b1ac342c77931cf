"""A folder with models, and the command line to use on them."""

import os
import shutil
from typing import Any, Callable, Dict, Iterator, NamedTuple

import pytest

from tests.builders import save_network, save_training
from tf1pruning.cli import main
from tf1pruning.tf1 import quiet

DATA = 'model.ckpt.data-00000-of-00001'


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture
def command(capsys: Any) -> Command:
    """Runs a command in this process."""
    def run(*words: str) -> Result:
        quiet()
        capsys.readouterr()
        try:
            code = main.main(main.parse(['tf1pruning', *words]))
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Result(code, *capsys.readouterr())
    return run


@pytest.fixture(scope='session')
def models(tmp_path_factory: Any) -> str:
    """A folder with `net`, `other` and `train`; not to be changed."""
    folder = str(tmp_path_factory.mktemp('models'))
    for name in ('net', 'other', 'train'):
        os.mkdir(os.path.join(folder, name))
    save_network('nested_se', os.path.join(folder, 'net'))
    save_network('residual_stage', os.path.join(folder, 'other'))
    save_training(os.path.join(folder, 'train'), flag='placeholder', dropout=True)
    for name, prefix in (('net', 'model.ckpt'), ('other', 'model.ckpt'), ('train', 'model.ckpt-3')):
        with open(os.path.join(folder, name, 'checkpoint'), 'w') as stream:
            stream.write('model_checkpoint_path: "%s"\n' % prefix)
    return folder


@pytest.fixture
def work(models: str, tmp_path: Any, monkeypatch: Any) -> Iterator[str]:
    """A copy of the models, as the current folder."""
    folder = os.path.join(str(tmp_path), 'work')
    shutil.copytree(models, folder)
    monkeypatch.chdir(folder)
    yield folder
    assert os.path.isdir(folder)


def contents(folder: str) -> Dict[str, bytes]:
    """Everything below a folder: files with their bytes, folders with nothing."""
    found: Dict[str, bytes] = {}
    for root, folders, files in os.walk(folder):
        found.update({os.path.relpath(os.path.join(root, name), folder) + '/': b'' for name in folders})
        for name in files:
            with open(os.path.join(root, name), 'rb') as stream:
                found[os.path.relpath(os.path.join(root, name), folder)] = stream.read()
    return found
