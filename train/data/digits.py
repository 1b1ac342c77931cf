"""The handwritten digits that come with scikit-learn: 1,797 scans of 8 × 8 pixels, ten classes, no download.

E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
"""

import numpy as np

from tf1pruning.errors import OptionError

from ..config import DigitsConfig
from .form import Form
from .split import Images, Split, divided, taken_out

CLASSES = 10
_MEAN, _DEVIATION = 0.3053, 0.3236
"""Of the brightness (0 to 1) over all scans, enlarged to 32 × 32."""


def load_digits(config: DigitsConfig, form: Form) -> Images:
    """Returns the digits, enlarged bilinearly to the network's image size and normalised: float32 `[N, H, W, 1]`.

    Raises:
        OptionError: the network takes colour images, or has fewer classes; or nothing would be left of a part.
    """
    from sklearn.datasets import load_digits as load_bundled

    form.require('digits', (form.size, form.size, 1))
    if form.classes < CLASSES:
        raise OptionError('the digits have %d classes, the network %d: set classes of the model' % (
            CLASSES, form.classes))
    scans = load_bundled()
    grey = enlarge(scans.images / 16.0, form.size)
    images = ((grey - _MEAN) / _DEVIATION).astype(np.float32)[..., np.newaxis]
    whole = Split(images, scans.target.astype(np.int32))
    test = taken_out(whole.labels, 'test_fraction', config.test_fraction, config.split_seed)
    return divided(whole.taken(~test), whole.taken(test), config.validation_fraction, config.split_seed)


def enlarge(images: np.ndarray, size: int) -> np.ndarray:
    """Resizes square images `[N, H, H]` bilinearly to `[N, size, size]`, pixel centres aligned, edges repeated."""
    weights = _bilinear_weights(images.shape[1], size)
    return np.einsum('yh,nhw,xw->nyx', weights, images, weights, optimize=True)


def _bilinear_weights(source: int, target: int) -> np.ndarray:
    """Returns the matrix `[target, source]` whose rows hold the two weights of each target pixel."""
    position = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    left = np.minimum(position.astype(int), max(source - 2, 0))
    weights = np.zeros([target, source])
    weights[np.arange(target), left] = 1 - (position - left)
    weights[np.arange(target), np.minimum(left + 1, source - 1)] += position - left
    return weights
