"""Names of experiments."""

import pytest

from tf1pruning.errors import OptionError
from train.experiments.tasks import parse_tasks


def _names(text: str) -> list:
    return [task.name for task in parse_tasks(text)]


def test_groups_and_single_ones() -> None:
    assert _names('pruned-all') == ['float32', 'pruned-0.2-fp32', 'pruned-0.4-fp32', 'pruned-0.5-fp32']
    assert _names('clustered-all') == ['float32', *('clustered-%d-fp32' % count for count in (2, 4, 8, 16, 32))]
    assert _names('quantized-all') == ['float32', 'quantized-float16', 'quantized-dynamic', 'quantized-int8']
    assert len(_names('all')) == 1 + 3 + 3 + 5
    assert _names('clustered-6-fp32, pruned-.75-fp32,float32') == ['float32', 'clustered-6-fp32', 'pruned-0.75-fp32']
    assert _names('pruned-0.5-fp32,pruned-all') == ['float32', 'pruned-0.5-fp32', 'pruned-0.2-fp32', 'pruned-0.4-fp32']


def test_what_they_say() -> None:
    _, zeros, values, numbers = parse_tasks('pruned-0.5-fp32,clustered-16-fp32,quantized-int8')
    assert (zeros.family, zeros.label, zeros.amount, zeros.numbers) == ('pruned', 'pruned-0.5', 0.5, 'float32')
    assert (values.family, values.label, values.amount) == ('clustered', 'clustered-16', 16)
    assert (numbers.family, numbers.numbers) == ('quantized', 'int8')


@pytest.mark.parametrize(('text', 'message'), [
    ('pruned-al', "no experiment 'pruned-al'; closest: pruned-all"), ('', "no experiment ''"),
    ('pruned-1.5-fp32', "no experiment 'pruned-1.5-fp32'"), ('pruned-0.0-fp32', 'a sparsity is above 0 and below 1'),
    ('clustered-1-fp32', '2 to 1024 values can be shared'), ('clustered-4096-fp32', '2 to 1024 values'),
])
def test_names_that_are_none(text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parse_tasks(text)
