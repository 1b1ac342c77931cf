import numpy as np
import pytest

from tf1pruning.clustering import METHODS, exact, shared_values
from tf1pruning.errors import ModelError, OptionError


def heavy_tailed(size, seed=0):
    return np.random.RandomState(seed).standard_t(3, size).astype(np.float32)


def least_distortion(values, clusters):
    """The textbook's dynamic programme: best[k][j] = min over i of best[k - 1][i] + cost(i, j)."""
    values = np.sort(values.astype(np.float64).ravel())
    size = values.size
    cost = np.zeros((size + 1, size + 1))
    for i in range(size):
        for j in range(i + 1, size + 1):
            cost[i, j] = np.square(values[i:j] - values[i:j].mean()).sum()
    best = cost[0]
    for _ in range(clusters - 1):
        best = np.array([min(best[i] + cost[i, j] for i in range(j + 1)) for j in range(size + 1)])
    return best[size]


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize('clusters', [2, 5, 16])
def test_every_weight_has_the_nearest_of_few_values(method, clusters):
    weights = heavy_tailed(900).reshape(3, 3, 10, 10)
    found = shared_values(weights, clusters, method)
    assert found.codebook.dtype == np.float32
    assert found.indices.shape == weights.shape
    assert 2 <= found.codebook.size <= clusters
    assert (np.diff(found.codebook) > 0).all()
    assert np.array_equal(np.unique(found.values()), found.codebook)  # each is used
    distances = np.abs(weights[..., None] - found.codebook.astype(np.float64))
    np.testing.assert_allclose(np.abs(weights - found.values()), distances.min(-1), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found.distortion(weights), np.square(distances.min(-1)).sum(), rtol=1e-6)


@pytest.mark.parametrize('method', METHODS)
def test_the_values_are_means_of_their_members(method):
    weights = heavy_tailed(900)
    found = shared_values(weights, 8, method)
    means = [weights[found.indices == index].astype(np.float64).mean() for index in range(found.codebook.size)]
    np.testing.assert_allclose(found.codebook, means, rtol=1e-6)


@pytest.mark.parametrize('clusters', [2, 3, 7])
@pytest.mark.parametrize('seed', range(4))
def test_exact_is_the_least_distortion(clusters, seed):
    weights = heavy_tailed(60, seed)
    weights[::7] = weights[0]
    found = shared_values(weights, clusters)
    assert (found.solver, found.excess) == ('exact', 0.0)
    np.testing.assert_allclose(found.distortion(weights), least_distortion(weights, clusters), rtol=1e-5)


@pytest.mark.parametrize('clusters', [2, 16, 64])
@pytest.mark.parametrize('draw', [
    heavy_tailed, lambda size: np.random.RandomState(1).uniform(-1, 1, size).astype(np.float32),
    lambda size: np.append(np.random.RandomState(2).normal(0, 1, size), [1e4]).astype(np.float32),
    lambda size: np.repeat(heavy_tailed(size // 8), 8),
    lambda size: np.concatenate([np.random.RandomState(3).normal(c, 1e-3, size // 8) for c in range(8)]),
])
def test_near_exact_is_within_its_bound(monkeypatch, clusters, draw):
    weights = draw(20000)
    best = shared_values(weights, clusters)
    monkeypatch.setattr(exact, 'MOST_WORK', 1800 * clusters)
    near = shared_values(weights, clusters)
    assert (best.solver, near.solver) == ('exact', 'near-exact')
    ratio = near.distortion(weights) / best.distortion(weights)
    assert 1 - 1e-6 <= ratio <= 1 + near.excess + 1e-6
    assert ratio < 1.05


def test_a_fine_histogram_proves_a_small_excess(monkeypatch):
    weights = heavy_tailed(100000)
    monkeypatch.setattr(exact, 'MOST_WORK', 1 << 18)
    assert 0 < shared_values(weights, 8).excess < 1e-2


@pytest.mark.parametrize('method', METHODS)
def test_zeros_stay_zero_and_count_among_the_values(method):
    weights = heavy_tailed(1000)
    weights[::3] = 0
    weights[0] = -0.0
    found = shared_values(weights, 4, method)
    values = found.values()
    assert np.unique(values).size <= 4
    assert np.array_equal(values == 0, weights == 0)
    assert not np.signbit(values[0])


def test_zeros_are_clustered_as_any_others_where_they_need_not_stay():
    weights = np.array([0, 0, 0.1, 1, 1.1, 1.2], np.float32)
    found = shared_values(weights, 2, preserve_sparsity=False)
    np.testing.assert_allclose(found.codebook, [0.1 / 3, 1.1], rtol=1e-6)
    assert found.indices.tolist() == [0, 0, 0, 1, 1, 1]


def test_weights_whose_mean_is_zero_share_the_zero():
    found = shared_values(np.array([-1, 0, 0, 1], np.float32), 2)
    assert found.codebook.tolist() == [0]


@pytest.mark.parametrize('method', METHODS)
def test_no_more_distinct_values_than_asked_for_stay_as_they_are(method):
    weights = np.array([[3, 1, 0], [1, 3, -0.5]], np.float32)
    for preserve in (True, False):
        found = shared_values(weights, 4, method, preserve)
        assert (found.solver, found.excess) == ('identity', 0.0)
        assert found.codebook.tolist() == [-0.5, 0, 1, 3]
        assert np.array_equal(found.values(), weights)
    assert shared_values(weights, 3, method).codebook.size == 3


@pytest.mark.parametrize('dtype', [np.float16, np.float64])
def test_the_values_have_the_weights_type(dtype):
    weights = heavy_tailed(500).astype(dtype)
    found = shared_values(weights, 6)
    assert found.codebook.dtype == dtype
    assert found.codebook.size == 6


def test_k_means_plus_plus_depends_on_its_seed_alone():
    weights = heavy_tailed(500)
    first, again, other = (shared_values(weights, 9, 'k-means++', seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.codebook, again.codebook)
    assert not np.array_equal(first.codebook, other.codebook)


def test_exact_is_never_worse_than_the_others():
    for seed in range(5):
        weights = heavy_tailed(3000, seed)
        best = shared_values(weights, 12).distortion(weights)
        for method in METHODS:
            assert shared_values(weights, 12, method).distortion(weights) >= best * (1 - 1e-6)


def test_indices_take_a_byte_as_long_as_they_can():
    weights = heavy_tailed(2000)
    assert shared_values(weights, 256).indices.dtype == np.uint8
    assert shared_values(weights, 300).indices.dtype == np.uint16


@pytest.mark.parametrize(('clusters', 'method', 'message'), [
    (1, 'exact', 'ask for 2 to 1024, zero included'), (1025, 'exact', '1025 values cannot be shared'),
    (4, 'best', "no method named 'best'; there are density, exact, k-means\\+\\+, linear")])
def test_refused(clusters, method, message):
    with pytest.raises(OptionError, match=message):
        shared_values(heavy_tailed(10), clusters, method)


@pytest.mark.parametrize('number', [np.nan, np.inf])
def test_what_is_no_number_is_refused(number):
    with pytest.raises(ModelError, match='infinite or not a number'):
        shared_values(np.array([1, 2, number, 3], np.float32), 2)


@pytest.mark.parametrize('dtype', [np.float16, np.float32])
def test_the_nearest_value_is_taken_where_the_middle_is_rounded(dtype):
    weights = (np.random.RandomState(3).normal(size=4000) + 1000 * (dtype == np.float32)).astype(dtype)
    found = shared_values(weights, 16, 'k-means++')
    distances = np.abs(weights[:, None].astype(np.float64) - found.codebook.astype(np.float64))
    assert (distances[np.arange(weights.size), found.indices] == distances.min(1)).all()


def test_values_that_round_to_one_are_not_called_the_best():
    weights = (1000 + np.random.RandomState(0).normal(size=3000) * 1e-3).astype(np.float32)
    found = shared_values(weights, 33)
    assert found.codebook.size == 33 or found.excess is None


def test_magnitudes_far_apart(recwarn):
    random = np.random.RandomState(0)
    weights = np.concatenate([random.normal(size=500) * 1e-30, random.normal(size=500) * 1e30]).astype(np.float32)
    found = shared_values(weights, 33)
    assert np.isfinite(found.codebook).all()
    assert not [each for each in recwarn if issubclass(each.category, RuntimeWarning)]
