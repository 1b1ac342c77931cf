"""What is no argument of the loop is one line, before anything is done."""

import os
from typing import Any, Dict

import pytest

from tests.search.trainer import STEPS, Trainer, before_and_after
from tf1pruning.errors import OptionError, OutputError
from tf1pruning.files import alone_in
from tf1pruning.network import Network
from tf1pruning.search.arguments import check_arguments
from tf1pruning.search.finish import Finish
from tf1pruning.search.settings import LoopSettings
from tf1pruning.search.steps import Step

NETWORK, SETTINGS = Network('output'), LoopSettings((Step('macs', 0.5),))


def _check(**changes: Any) -> None:
    given: Dict[str, Any] = dict(paths=('checkpoint', 'output'), network=NETWORK, settings=SETTINGS,
                                 functions=(len, len, None), finish=None, **{})
    check_arguments(**{**given, **changes})


@pytest.mark.parametrize(('changes', 'message'), [
    ({'paths': (3, 'output')}, 'checkpoint must be a path, not 3'),
    ({'network': 'output'}, r"network must be a Network, such as Network\('logits'\), not 'output'"),
    ({'settings': {}}, 'settings must be LoopSettings, not {}'),
    ({'functions': (None, len, None)}, 'retrain must be a function, not None'),
    ({'functions': (len, 0.5, None)}, 'evaluate must be a function, not 0.5'),
    ({'functions': (len, len, 'x')}, "prepare must be a function, not 'x'"),
    ({'finish': len}, r'finish must be a Finish, such as Finish\(evaluate\), not <built-in'),
    ({'finish': Finish(len, finetune=3)}, 'finish.finetune must be a function, not 3'),
    ({'settings': SETTINGS._replace(steps=(0.5,))}, 'steps must be a list of them, such as .* not .0.5,'),
    ({'settings': SETTINGS._replace(steps=Step('macs', 0.5))}, 'steps must be a list of them'),
    ({'settings': SETTINGS._replace(least_accuracy='0.5')}, "least_accuracy must be a number from 0 to 1, not '0.5'"),
    ({'settings': SETTINGS._replace(max_retries=1.5)}, 'max_retries must be a whole number, not 1.5'),
    ({'settings': SETTINGS._replace(limits=0.5)}, 'limits must be an Amount'),
])
def test_arguments_of_another_kind(changes: Dict[str, Any], message: str) -> None:
    _check()
    _check(finish=Finish(len), functions=(len, len, len))
    with pytest.raises(OptionError, match=message):
        _check(**changes)


def test_one_loop_in_a_folder(run: Any, tmp_path: Any) -> None:
    """Another one is refused while it works there, not afterwards."""
    os.makedirs(str(tmp_path / 'loop'))
    with alone_in(str(tmp_path / 'loop')), pytest.raises(OutputError, match='another program works in'):
        run(Trainer(), steps=STEPS[:1])
    assert run(Trainer(), steps=STEPS[:1]).plan is not None


def test_a_loop_with_other_stages(run: Any) -> None:
    """A training before the choice would be remembered as if it had not been."""
    run(Trainer(), steps=STEPS[:1])
    trainer = Trainer()
    with pytest.raises(OptionError, match='belongs to a run with workflow'):
        run(trainer, steps=STEPS[:1], more=before_and_after(trainer))
