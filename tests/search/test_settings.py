"""What a loop is told is checked before it begins."""

from typing import Any, Dict

import pytest

from tf1pruning.errors import OptionError
from tf1pruning.ranking import Amount
from tf1pruning.search.settings import LoopSettings
from tf1pruning.search.steps import Step


@pytest.mark.parametrize(('settings', 'message'), [
    ({'steps': ()}, 'the loop has no steps'),
    ({'steps': (Step('macs', 0.5), Step('macs', 0.8))}, 'macs 0.8 does not prune more than the step before, macs 0.5'),
    ({'steps': (Step('ratio', 0.5), Step('ratio', 0.5))}, 'put the steps in order'),
    ({'steps': (Step('threshold', 0.5), Step('ratio', 0.4)), 'limits': Amount(align=0)}, 'align 0 is not a positive'),
    ({'criterion': 'L2'}, "no criterion 'L2'; there are batch_norm_scale"),
    ({'combine': 'sum'}, "no combine 'sum'; there are"),
    ({'least_accuracy': 92}, 'least_accuracy must be from 0 to 1, not 92'),
    ({'largest_loss': -0.1}, 'largest_loss must be from 0 to 1, not -0.1'),
    ({'max_failed_rate': float('nan')}, 'max_failed_rate must be from 0 to 1, not nan'),
    ({'scopes': 'all'}, "scopes must be a list of names, not the text 'all'"),
    ({'exclude': (3,)}, r'exclude must be a list of names, not \(3,\)'),
    ({'max_retries': -1}, 'max_retries must not be negative: -1'),
])
def test_settings_out_of_range(settings: Dict[str, Any], message: str) -> None:
    """A threshold after a ratio, and ratios that rise, are in order."""
    LoopSettings((Step('ratio', 0.1), Step('ratio', 0.2), Step('threshold', 0.5))).check()
    with pytest.raises(OptionError, match=message):
        LoopSettings(**{'steps': (Step('ratio', 0.5),), **settings}).check()
