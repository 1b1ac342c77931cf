"""Reports of experiments."""

from typing import Any, Dict

import numpy as np

from train.experiments.confusion import draw_confusion
from train.experiments.summary import dominating, metrics_text, ordered, summary_text


def _record(task: str, family: str, deflated: int, accuracy: float, milliseconds: float, size: int = 1000
            ) -> Dict[str, Any]:
    return {'task': task, 'family': family, 'file': 'net.%s.tflite' % task, 'bytes': size, 'deflated': deflated,
            'deflation': 1 - deflated / size, 'images': 200, 'runs': 100, 'accuracy': accuracy,
            'milliseconds': 2 * milliseconds, 'median': milliseconds, 'precision': 0.71,
            'sensitivity': 0.72, 'g_mean': 0.73, 'top_5': 0.99}


RECORDS = [_record('float32', 'float32', 900, 0.9, 1.0), _record('pruned-0.5-fp32', 'pruned', 500, 0.9, 1.03),
           _record('clustered-4-fp32', 'clustered', 100, 0.8, 1.0),
           _record('quantized-int8', 'quantized', 95, 0.85, 0.5, 250)]


def test_metrics() -> None:
    text = metrics_text(RECORDS[1])
    for line in ('| accuracy | 90.00 % |', '| mean precision | 71.00 % |', '| mean sensitivity (recall) | 72.00 % |',
                 '| G-mean of the sensitivities | 73.00 % |', '| top-5 accuracy | 99.00 % |',
                 '| mean inference time, first call left out | 2.060 ms |',
                 '| median inference time | 1.030 ms |', '| deflation | 50.00 % |'):
        assert line in text


def test_who_dominates_whom() -> None:
    """Times within five per cent count as the same; nothing dominates what is best in something."""
    found = {record['task']: dominating(record, RECORDS) for record in RECORDS}
    assert found == {'float32': ['pruned-0.5-fp32'], 'pruned-0.5-fp32': [], 'clustered-4-fp32': ['quantized-int8'],
                     'quantized-int8': []}
    twin = dict(RECORDS[0])
    assert dominating(twin, [twin, RECORDS[0]]) == []


def test_the_comparison() -> None:
    text = summary_text(RECORDS, 'a network on images')
    assert '| quantized-int8 | 250 | 4.00× | 95 | 9.47× | 85.00 % | -5.00 |' in text
    assert 'Nothing dominates pruned-0.5-fp32, quantized-int8. Families among them: quantized, pruned.' in text
    assert '- float32: deflation takes 10.00 % of the file away.' in text
    assert ('- clustered: clustered-4-fp32 90.00 %. The smallest file is 1.00× smaller than float32 as it is, 9.00× '
            'when both are zipped.') in text
    assert summary_text(RECORDS[:1], 'one').count('\n| ') == 3


def test_order() -> None:
    assert [each['task'] for each in ordered(RECORDS[::-1] + [_record('small', 'pruned', 400, 0.9, 1.0)])] == [
        'float32', 'quantized-int8', 'pruned-0.5-fp32', 'small', 'clustered-4-fp32']


def test_many_that_dominate_are_counted() -> None:
    better = [_record('better-%d' % number, 'pruned', 100, 0.95, 0.5) for number in range(5)]
    assert '| better-0, better-1, better-2 and 2 more |' in summary_text([RECORDS[0], *better], 'many')


def test_a_picture_of_a_confusion_matrix() -> None:
    small, large = np.eye(3, dtype=int) * 5, np.eye(40, dtype=int)
    assert draw_confusion(small, 'small')[:4] == draw_confusion(large, 'large')[:4] == b'\x89PNG'
    assert draw_confusion(small, 'small') != draw_confusion(small[::-1], 'small')
