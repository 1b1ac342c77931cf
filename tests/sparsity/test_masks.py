"""Masks, each beside a slow definition of what it is."""

import itertools
from typing import Any, List, Sequence, Tuple

import numpy as np
import pytest

from tf1pruning.errors import OptionError
from tf1pruning.sparsity import global_masks, kept_count, mask_of
from tf1pruning.weights import WeightTensor

CONVOLUTION = WeightTensor('kernel', (3, 2, 6, 5), 'Conv2D', 2, 3, ())
TRANSPOSED = WeightTensor('up', (2, 2, 5, 6), 'Conv2DBackpropInput', 3, 2, ())
PRODUCT = WeightTensor('dense', (7, 4), 'MatMul', 0, 1, ())
DEPTHWISE = WeightTensor('depthwise', (3, 3, 8, 1), 'DepthwiseConv2dNative', None, 2, ())
TENSORS = (CONVOLUTION, TRANSPOSED, PRODUCT)


def _weights(tensor: WeightTensor, seed: int = 0) -> np.ndarray:
    return np.random.RandomState(seed).normal(size=tensor.shape).astype(np.float32)


def _units(tensor: WeightTensor, pieces: Any) -> List[Sequence[Tuple[int, ...]]]:
    """Returns the places of every unit: with the same place along each axis, or in the same piece of it."""
    units: Any = {}
    for place in itertools.product(*[range(size) for size in tensor.shape]):
        key = tuple(index // pieces.get(axis, 1) for axis, index in enumerate(place))
        units.setdefault(key, []).append(place)
    return list(units.values())


def _slow_mask(weights: np.ndarray, units: List[Sequence[Tuple[int, ...]]], kept: int) -> np.ndarray:
    """Keeps the units whose magnitudes have the largest mean."""
    means = [np.mean([abs(float(weights[place])) for place in unit]) for unit in units]
    mask = np.zeros(weights.shape, bool)
    for number in sorted(range(len(units)), key=lambda each: -means[each])[:kept]:
        for place in units[number]:
            mask[place] = True
    return mask


def _pieces(structure: str, tensor: WeightTensor) -> Any:
    assert tensor.input_axis is not None
    return {'unstructured': {}, 'filter': {tensor.output_axis: 99}, 'channel': {tensor.input_axis: 99},
            'block:2,3': {tensor.input_axis: 2, tensor.output_axis: 3}}[structure]


@pytest.mark.parametrize('tensor', TENSORS, ids=lambda tensor: tensor.name)
@pytest.mark.parametrize('structure', ['unstructured', 'filter', 'channel', 'block:2,3'])
@pytest.mark.parametrize('sparsity', [0.0, 0.3, 0.8, 0.999])
def test_the_largest_units_stay(tensor: WeightTensor, structure: str, sparsity: float) -> None:
    """Exactly as many as asked for; blocks at the edges are smaller."""
    weights, units = _weights(tensor), _units(tensor, _pieces(structure, tensor))
    mask = mask_of(weights, structure, sparsity, tensor)
    assert mask.dtype == bool
    assert np.array_equal(mask, _slow_mask(weights, units, max(round(len(units) * (1 - sparsity)), 1)))


@pytest.mark.parametrize('tensor', TENSORS, ids=lambda tensor: tensor.name)
@pytest.mark.parametrize(('m', 'n'), [(2, 4), (1, 2), (3, 3), (2, 9)])
def test_m_of_n(tensor: WeightTensor, m: int, n: int) -> None:
    """Of consecutive incoming channels; a last run that is shorter loses no more than it must."""
    weights = _weights(tensor)
    mask = mask_of(weights, '%d:%d' % (m, n), None, tensor)
    for unit in _units(tensor, {tensor.input_axis: n}):
        largest = sorted(unit, key=lambda place: -abs(float(weights[place])))
        assert all(mask[place] for place in largest[:m])
        assert not any(mask[place] for place in largest[m:])


def test_the_first_of_equal_weights_stay() -> None:
    """Always the same ones."""
    tensor = PRODUCT._replace(shape=(2, 4))
    weights = np.float32([[1, -2, 2, 1], [-1, 2, 0, 1]])
    assert mask_of(weights, 'unstructured', 0.5, tensor).tolist() == [[True, True, True, False],
                                                                      [False, True, False, False]]
    assert mask_of(np.ones((2, 4)), '1:2', None, tensor).tolist() == [[True] * 4, [False] * 4]
    assert mask_of(np.zeros((2, 4)), 'filter', 0.5, tensor).tolist() == [[True] * 4, [False] * 4]


def test_what_is_no_number_stays() -> None:
    """It is not hidden; half precision does not overflow."""
    tensor = PRODUCT._replace(shape=(1, 4))
    weights = np.float16([[60000, np.nan, 60000, 1]])
    assert mask_of(weights, 'unstructured', 0.75, tensor).tolist() == [[False, True, False, False]]
    assert mask_of(np.float16([[60000, 60000], [59000, 60000]]), 'filter', 0.5,
                   PRODUCT._replace(shape=(2, 2))).tolist() == [[True, True], [False, False]]


def test_counts_are_rounded_and_never_none() -> None:
    """max(round(N (1 − s)), 1)."""
    assert [kept_count(10, each) for each in (0.0, 0.24, 0.26, 0.9, 0.99)] == [10, 8, 7, 1, 1]
    assert mask_of(_weights(PRODUCT), 'unstructured', 0.999, PRODUCT).sum() == 1


@pytest.mark.parametrize('structure', ['channel', 'block:2,2', '2:4'])
def test_depthwise_kernels_have_no_incoming_channels(structure: str) -> None:
    """But filters, and single weights."""
    with pytest.raises(OptionError, match='the DepthwiseConv2dNative kernel depthwise has none'):
        mask_of(_weights(DEPTHWISE), structure, None if structure == '2:4' else 0.5, DEPTHWISE)
    assert mask_of(_weights(DEPTHWISE), 'unstructured', 0.5, DEPTHWISE).sum() == 36
    assert mask_of(_weights(DEPTHWISE), 'filter', 2 / 3, DEPTHWISE).sum() == 24


def test_tensors_compete() -> None:
    """As if they were one; but none loses everything."""
    weights = {'kernel': _weights(CONVOLUTION), 'dense': _weights(PRODUCT, 1) / 1000}
    masks = global_masks(weights, 'unstructured', 0.9, {'kernel': CONVOLUTION, 'dense': PRODUCT})
    assert sum(mask.sum() for mask in masks.values()) == kept_count(180 + 28, 0.9)
    assert np.argwhere(masks['dense']).tolist() == [list(np.unravel_index(abs(weights['dense']).argmax(), (7, 4)))]
    least = abs(weights['kernel'])[masks['kernel']].min()
    assert (abs(weights['kernel'])[~masks['kernel']] < least).all()
    one = {'kernel': weights['kernel']}
    assert np.array_equal(global_masks(one, 'unstructured', 0.9, {'kernel': CONVOLUTION})['kernel'],
                          mask_of(one['kernel'], 'unstructured', 0.9, CONVOLUTION))


def test_units_of_several_sizes_compete() -> None:
    """The smallest go, as long as no more weights go than asked for."""
    weights = {'kernel': _weights(CONVOLUTION), 'dense': _weights(PRODUCT, 1)}
    masks = global_masks(weights, 'filter', 0.5, {'kernel': CONVOLUTION, 'dense': PRODUCT})
    gone = sum((~mask).sum() for mask in masks.values())
    assert 104 - 5 < gone <= 104
    units = [np.abs(weights[name]).mean(-1) for name in weights]
    kept = np.concatenate([masks[name].all(-1).ravel() for name in weights])
    scores = np.concatenate([each.ravel() for each in units])
    assert all(np.array_equal(mask.any(-1), mask.all(-1)) for mask in masks.values())
    assert scores[~kept].max() < scores[kept].min()
    assert all(mask.any() for mask in global_masks(weights, 'channel', 0.99, {'kernel': CONVOLUTION,
                                                                             'dense': PRODUCT}).values())
    assert global_masks(weights, '2:4', None, {'kernel': CONVOLUTION, 'dense': PRODUCT})['dense'].sum() == 16


def test_millions_of_weights() -> None:
    """Exactly so many of them, many equal."""
    weights = np.random.RandomState(0).randint(-100, 100, (1000, 1000)).astype(np.float32)
    tensor = PRODUCT._replace(shape=weights.shape)
    mask = mask_of(weights, 'unstructured', 0.875, tensor)
    assert mask.sum() == 125000
    assert abs(weights)[mask].min() >= abs(weights)[~mask].max()


@pytest.mark.parametrize(('structure', 'same'), [('block:99999999999,4', 'block:6,4'), ('6:99999999999', '6:6')])
def test_pieces_longer_than_the_axis_take_no_memory(structure: str, same: str) -> None:
    weights = _weights(CONVOLUTION)
    sparsity = 0.5 if structure.startswith('block') else None
    assert np.array_equal(mask_of(weights, structure, sparsity, CONVOLUTION),
                          mask_of(weights, same, sparsity, CONVOLUTION))
