"""The program: prints accuracies, and one line with exit code 2 at a user's mistake."""

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any, Tuple

import pytest

from tests.train.data.written import write_mnist
from tf1pruning.files import alone_in
from train import train

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

TINY = ('model: {name: lenet_300_100, hidden: [8]}\ntrain: {steps: 2, batch_size: 4}\n'
        'images: {name: mnist, validation_fraction: 0.2}\n')


@pytest.fixture
def run(tmp_path: Any, monkeypatch: Any, capsys: Any) -> Any:
    """Runs the program with a configuration and some images; returns exit code, output and errors."""
    monkeypatch.setattr(train, 'prepare', lambda: None)

    def run(text: str, data: Any = tmp_path, model: Any = None, output: str = 'out') -> Tuple[int, str, str]:
        (tmp_path / 'config.yaml').write_text(text)
        monkeypatch.setattr(train, 'FLAGS', SimpleNamespace(
            config=str(tmp_path / 'config.yaml'), data=data and str(data), model=model,
            output=str(tmp_path / output)))
        code = train.main([])
        captured = capsys.readouterr()
        return code, captured.out, captured.err
    return run


def test_trains_and_prints_accuracies(run: Any, tmp_path: Any) -> None:
    write_mnist(tmp_path)
    code, out, err = run(TINY)
    assert (code, err) == (0, '')
    assert [line.split(': ')[1].split()[0] for line in out.splitlines()] == ['accuracy', 'accuracy']
    assert 'on the validation images\n' in out
    assert out.endswith('on the test images\n')
    assert (tmp_path / 'out' / 'training.json').exists()


def test_an_interruption_says_where_it_will_go_on(run: Any, tmp_path: Any, monkeypatch: Any) -> None:
    def interrupted(self: Any, folder: str) -> None:
        raise KeyboardInterrupt

    write_mnist(tmp_path)
    monkeypatch.setattr(train.Classifier, 'train', interrupted)
    assert run(TINY) == (130, '', 'train: interrupted; the same command goes on after step 0\n')


@pytest.mark.parametrize(('text', 'message'), [
    ('model: {name: lenet_5}', "missing key 'train'"),
    (TINY.replace('lenet_300_100', 'resnet'), 'model: name: expected one of'),
    (TINY.replace('0.2}', '0.2, folder: there}'), 'no file train-images'),
    (TINY.replace('batch_size: 4', 'optimizer: lion'), "no optimizer named 'lion'; there are"),
    (TINY.replace('lenet_300_100, hidden: [8]', 'lenet_5, filters: [4, 4, 4]'),
     'a kernel of 5 × 5 does not fit on 4 × 4 pixels before LeNet/conv3: set a larger image_size'),
    (TINY.replace('mnist, validation_fraction: 0.2', 'digits'), 'digits come without files; leave it out'),
])
def test_mistakes_are_one_line(run: Any, tmp_path: Any, text: str, message: str) -> None:
    if 'no file' not in message:
        write_mnist(tmp_path)
    code, out, err = run(text)
    assert (code, out, err.count('\n')) == (2, '', 1)
    assert message in err


@pytest.mark.parametrize(('name', 'message'), [
    ('out[1]', 'TensorFlow cannot read a checkpoint back with [ or \\ in its path: choose another folder'),
    ('config.yaml', 'config.yaml'),
    ('busy', 'another program works in'),
])
def test_a_folder_that_cannot_be_written(run: Any, tmp_path: Any, name: str, message: str) -> None:
    """Nothing is begun: what could not be gone on with, or what another process writes into."""
    write_mnist(tmp_path)
    (tmp_path / 'busy').mkdir()
    with alone_in(str(tmp_path / 'busy')):
        code, out, err = run(TINY, output=name)
    assert (code, out, err.count('\n')) == (2, '', 1)
    assert message in err
    assert not os.listdir(str(tmp_path / 'busy'))


@pytest.mark.slow
@pytest.mark.parametrize(('program', 'words'), [
    ('train', ('--output',)), ('prune_loop', ('--checkpoint', '--output')),
    ('experiments', ('--checkpoint', '--tasks', '--results-path'))])
def test_help_shows_every_flag_and_examples(program: str, words: Tuple[str, ...]) -> None:
    found = subprocess.run([sys.executable, '-m', 'train.' + program, '--help'], stdout=subprocess.PIPE, cwd=ROOT,
                           text=True, check=True).stdout
    assert 'Examples:\n  python -m train.%s' % program in found
    for word in ('--config', '--data', '--model', *words):
        assert word in found


def test_the_folder_may_be_in_the_configuration(run: Any, tmp_path: Any) -> None:
    code, out, err = run(TINY, data=None)
    assert (code, out) == (2, '')
    assert 'no folder for the images of mnist: give --data DIR, or set folder' in err
    write_mnist(tmp_path)
    assert run(TINY.replace('name: mnist', 'name: mnist, folder: "%s"' % tmp_path), data=None)[0] == 0


def test_another_checkpoint_is_for_networks_that_are_imported(run: Any, tmp_path: Any) -> None:
    write_mnist(tmp_path)
    code, _, err = run(TINY, model='old/model.ckpt')
    assert code == 2
    assert err == ('train: --model old/model.ckpt: lenet_300_100 is built, not imported; leave it out, or set the name '
                   'of the model to imported\n')
    imported = TINY.replace('lenet_300_100, hidden: [8]', 'imported, image_size: 28, image_channels: 1')
    code, _, err = run(imported, model='old/model.ckpt')
    assert code == 2
    assert 'no checkpoint old/model.ckpt' in err
