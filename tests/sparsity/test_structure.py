"""Structures by name."""

import pytest

from tf1pruning.errors import OptionError
from tf1pruning.sparsity import check_sparsity, parse_structure


@pytest.mark.parametrize(('text', 'kind', 'sizes', 'written'), [
    ('unstructured', 'unstructured', (1, 1), 'unstructured'), ('filter', 'filter', (1, 1), 'filter'),
    ('block:4,2', 'block', (4, 2), 'block:4,2'), ('block 4,2', 'block', (4, 2), 'block:4,2'),
    ('block 4x2', 'block', (4, 2), 'block:4,2'), ('2:4', 'm:n', (2, 4), '2:4')])
def test_what_is_written_is_read(text: str, kind: str, sizes: tuple, written: str) -> None:
    """And the other way round."""
    structure = parse_structure(text)
    assert (structure.kind, structure.sizes, str(structure)) == (kind, sizes, written)
    assert parse_structure(str(structure)) == structure == parse_structure(structure)


@pytest.mark.parametrize(('text', 'message'), [
    ('4:2', '4 of 2 cannot stay'), ('0:4', 'a size is below 1'), ('block:0,4', 'a size is below 1'),
    ('filtre', 'no structure .*closest: filter'), ('block', 'no structure'), ('block:4', 'no structure'),
    ('m:n', 'no structure'), ('', 'no structure'), ('-1:4', 'no structure')])
def test_other_texts_are_refused(text: str, message: str) -> None:
    """With what there is."""
    with pytest.raises(OptionError, match=message):
        parse_structure(text)


@pytest.mark.parametrize('sparsity', [-0.1, 1.0, 1.5, float('nan'), float('inf')])
def test_sparsity_out_of_its_range_is_refused(sparsity: float) -> None:
    """All zeros, too."""
    with pytest.raises(OptionError, match=r'is not in \[0, 1\)'):
        check_sparsity(sparsity)
    with pytest.raises(OptionError, match=r'is not in \[0, 1\)'):
        parse_structure('filter').sparsity(sparsity)


def test_only_some_structures_have_a_sparsity_of_their_own() -> None:
    """Nothing else may be asked of them, and nothing less of the others."""
    assert parse_structure('1:4').sparsity(None) == 0.75 == parse_structure('1:4').sparsity(0.75)
    assert parse_structure('filter').sparsity(0) == 0
    with pytest.raises(OptionError, match='1:4 makes a sparsity of 0.75 by itself'):
        parse_structure('1:4').sparsity(0.5)
    with pytest.raises(OptionError, match='say how sparse'):
        parse_structure('filter').sparsity(None)
