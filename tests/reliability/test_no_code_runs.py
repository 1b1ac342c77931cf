"""Nothing in the packages runs what a file says: no pickle but through an unpickler that refuses, no eval, no shell."""

import ast
import os
from typing import Iterator, List, Tuple

import pytest
import yaml

from tf1pruning import typed_yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGES = ('tf1pruning', 'train', 'scripts', 'benchmarks')
UNPICKLERS = {'tf1pruning/filters_file.py', 'train/data/cifar10_python.py'}
"""Old files of filters and CIFAR-10's batches are pickles: read by an Unpickler of their own that makes plain data."""
SAFE_LOADERS = {'_Lined'}
"""Loaders of our own, all of them a `yaml.SafeLoader`."""
FORBIDDEN = {'eval', 'exec', 'compile', 'os.system', 'os.popen', 'yaml.load', 'yaml.unsafe_load', 'yaml.full_load',
             'pickle.load', 'pickle.loads', 'marshal.load', 'marshal.loads', 'shelve.open', 'joblib.load', 'dill.load',
             'pickle.Unpickler', '__import__'}


def sources() -> List[str]:
    """Paths of all modules, from the root."""
    return sorted(os.path.relpath(os.path.join(folder, name), ROOT) for package in PACKAGES
                  for folder, _, names in os.walk(os.path.join(ROOT, package))
                  for name in names if name.endswith('.py'))


def findings(text: str) -> Iterator[Tuple[int, str]]:
    """Yields lines with something that runs what it is given."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [each.name for each in node.names] + [getattr(node, 'module', None) or '']
            for name in {'pickle', 'marshal', 'shelve', 'dill', 'joblib', 'cloudpickle'} & {
                    each.split('.')[0] for each in names}:
                yield node.lineno, name
        if not isinstance(node, ast.Call):
            continue
        called = _dotted(node.func)
        if called in FORBIDDEN and not (called == 'yaml.load' and len(node.args) == 2
                                        and _dotted(node.args[1]) in SAFE_LOADERS):
            yield node.lineno, called
        for keyword in node.keywords:
            if keyword.arg in ('shell', 'allow_pickle') and not (
                    isinstance(keyword.value, (ast.Constant, ast.NameConstant)) and keyword.value.value is False):
                yield node.lineno, keyword.arg


def _dotted(function: ast.AST) -> str:
    if isinstance(function, ast.Attribute):
        return '%s.%s' % (_dotted(function.value), function.attr)
    return function.id if isinstance(function, ast.Name) else '?'


@pytest.mark.parametrize('path', sources())
def test_no_module_runs_what_it_reads(path: str) -> None:
    """The two that read pickles import the module, for its class; they call nothing of it."""
    with open(os.path.join(ROOT, path), encoding='utf-8') as stream:
        found = {name for _, name in findings(stream.read())}
    assert found == ({'pickle'} if path in UNPICKLERS else set())


@pytest.mark.parametrize('path', sorted(UNPICKLERS))
def test_the_unpicklers_choose_what_they_make(path: str) -> None:
    with open(os.path.join(ROOT, path), encoding='utf-8') as stream:
        tree = ast.parse(stream.read())
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
               and any(_dotted(base) == 'pickle.Unpickler' for base in node.bases)]
    assert len(classes) == 1
    assert [node.name for node in classes[0].body if isinstance(node, ast.FunctionDef)] == ['find_class']


def test_loaders_of_yaml_are_safe_ones() -> None:
    assert all(issubclass(getattr(typed_yaml, name), yaml.SafeLoader) for name in SAFE_LOADERS)


@pytest.mark.parametrize('text', [
    'import pickle', 'from pickle import loads', 'import marshal', 'eval("1")', 'exec(x)', 'yaml.load(x)',
    'os.system(x)', 'subprocess.run(x, shell=True)', 'subprocess.run(x, shell=flag)', 'np.load(x, allow_pickle=True)'])
def test_what_would_be_found(text: str) -> None:
    assert list(findings(text))


def test_what_may_be() -> None:
    assert not list(findings('yaml.safe_load(x); subprocess.run(x, shell=False); module.eval(); re.compile(y)'))
