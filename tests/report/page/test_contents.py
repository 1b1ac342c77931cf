"""Which tables there are, and what is said in words."""

from typing import Optional

import pytest

from tests.report.page.test_charts import EMPTY, layer
from tf1pruning.report.page.contents import other_sizes, shared_scope, tables, verdict
from tf1pruning.report.run.counts import Count, Difference


def test_tables_of_nothing() -> None:
    assert tables(EMPTY) == {}
    assert verdict(EMPTY) == ()


@pytest.mark.parametrize(('before', 'after', 'said'), [
    (200, 50, ('MACs fell by 75 %.',)), (50, 200, ('MACs rose by 300 %.',)), (50, 50, ('MACs stayed the same.',)),
    (None, 50, ())])
def test_macs_in_words(before: Optional[float], after: float, said: object) -> None:
    assert verdict(EMPTY._replace(counts=(Count('macs', before, after),))) == said


def test_accuracy_and_exactness_in_words() -> None:
    run = EMPTY._replace(counts=(Count('parameters', 100, 50), Count('accuracy', 0.99, 0.985)),
                         differences=(Difference('stripped against soft-pruned', 1.5e-7, None, 'logits'),))
    assert verdict(run) == (
        'Parameters fell by 50 %.', 'Accuracy went from 99.0 % to 98.5 % (−0.5 points).',
        'What was stripped computes the same: the largest difference is 1.5e-07 relative.')


def test_layers_counted_at_other_sizes_are_said_to_be() -> None:
    run = EMPTY._replace(counts=(Count('macs', 100, 50),), layers=(layer('net/a', 8, 4, ()),))
    assert other_sizes(run) == ''
    assert 'size of its inputs open' in other_sizes(run._replace(counts=(Count('macs', 101, 50),)))
    assert other_sizes(run._replace(counts=())) == ''


def test_names_without_what_all_begin_with() -> None:
    assert shared_scope(['net/a', 'net/b/c']) == 'net/'
    assert shared_scope(['net/a', 'other/a']) == ''
    assert shared_scope(['net', 'net/a']) == ''
    assert shared_scope([]) == ''
