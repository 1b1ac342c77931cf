"""The table for a pull request."""

from tests.report import runs
from tf1pruning.report.page.markdown import render_markdown
from tf1pruning.report.run import gather


def test_what_stands_in_it(looped: str) -> None:
    run = gather(looped)
    text = render_markdown(run)
    macs = next(count for count in run.counts if count.name == 'macs')
    assert '| MACs | %s | %s | −' % (f'{macs.before:,.0f}', f'{macs.after:,.0f}') in text
    assert '| baseline | 0 | yes | 95.0 % | – | 1.00 k | 100.0 % | 100 |' in text
    assert '| model.tflite | tflite | 1.0e-03 | 1.0e-04 | no |' in text
    assert text.count('<details>') == text.count('</details>') == 2
    assert runs.EVIL not in text
    assert '&lt;script&gt;' in text


def test_what_is_missing_is_said_with_its_command(pruned: str) -> None:
    text = render_markdown(gather(pruned))
    assert 'Measured times not in the folder; made by `tf1pruning benchmark' in text
    assert '| Step |' not in text
