"""The results of `benchmarks.analysis` as tables."""

from typing import Any, Dict, List, NamedTuple, Sequence

from tf1pruning.report.table import format_table

STAGES = ('shapes', 'analysis', 'choice', 'soft-prune', 'strip', 'arrays')
"""From the parsed GraphDef to the sliced arrays."""
PARTS = ('build', 'prune')
"""Torch-Pruning's: the dependency graph; importance and removal."""
FORMS = {'at_once': 'graph alone', 'softly': 'soft-pruned first', 'whole': 'with initial values and saver'}
"""What of ours is measured, each form with everything of those before it but the first."""


class Table(NamedTuple):
    """A header and rows of texts and numbers."""

    header: Sequence[str]
    rows: List[List[Any]]

    def plain(self) -> str:
        """Writes it for a terminal."""
        return format_table(self.header, self.rows)

    def markdown(self) -> str:
        """Writes it for a page; what is not in the first column stands to the right."""
        lines = [list(self.header), ['---'] + ['---:'] * (len(self.header) - 1)]
        lines += [[f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in row] for row in self.rows]
        return '\n'.join('| %s |' % ' | '.join(line) for line in lines)


def comparison(result: Dict[str, Any]) -> Table:
    """Both sides, network by network: seconds are medians, the ratios medians of those of the turns."""
    rows = []
    for each in result['networks']:
        other = each.get('torch')
        if other:
            rows.append([each['name'], _millions(other['parameters'], other['left']),
                         _millions(each['parameters'], each['left']),
                         '%.3f (%.3f + %.3f)' % (other['total'], other['build'], other['prune']),
                         *(cell for form in FORMS for cell in (
                             '%.3f' % each[form]['total'], '%.1f×' % each['ratios'][form]))])
    return Table(('network', 'parameters there', 'parameters here', 'Torch-Pruning s (build + prune)',
                  *(cell for title in FORMS.values() for cell in (title + ' s', 'faster'))), rows)


def stages(result: Dict[str, Any]) -> Table:
    """Our side in milliseconds, stage by stage, in its longest form, and what that is for each node of the graph."""
    rows = [[each['name'], each['nodes'], each['forward_nodes'], each['groups'], '%.1f' % (each['weights'] / 1e6),
             *('%.1f' % (1e3 * each['whole'][stage]) for stage in STAGES), '%.0f' % (1e3 * each['whole']['total']),
             '%.0f' % (1e6 * each['whole']['total'] / each['nodes'])] for each in result['networks']]
    return Table(('network', 'nodes', 'of the graph alone', 'groups', 'million weights',
                  *(stage + ' ms' for stage in STAGES), 'total ms', 'µs per node'), rows)


def conditions(result: Dict[str, Any]) -> str:
    """Says what it was measured with, and how busy the machine was."""
    other = result['torch']
    return 'TensorFlow %s%s; Python %s here; one core of %d, %d rounds; load average %.1f before, %.1f after' % (
        result['tensorflow'], ', PyTorch %s, Torch-Pruning %s' % (other['torch'], other['torch_pruning'])
        if other else '', result['python'], result['cores'], result['rounds'], result['load_before'],
        result['load_after'])


def plain(result: Dict[str, Any]) -> str:
    """Writes everything for a terminal."""
    compared = comparison(result)
    return '\n\n'.join([conditions(result), *([compared.plain()] if compared.rows else []), stages(result).plain(),
                        *([result['problem']] if result['problem'] else [])])


def markdown(result: Dict[str, Any]) -> str:
    """Writes the tables for `docs/performance.md`."""
    compared = comparison(result)
    return '\n\n'.join([conditions(result) + '.', *([compared.markdown()] if compared.rows else []),
                        stages(result).markdown()])


def _millions(before: int, after: int) -> str:
    return '%.3f → %.3f M' % (before / 1e6, after / 1e6)
