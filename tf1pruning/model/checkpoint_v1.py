"""Reading checkpoints of format V1, which savers wrote before TensorFlow 0.12 and still write when asked to.

One is a single file, or one for each device, `<prefix>-00000-of-00002`. TensorFlow reads the tensors, each as a whole.
"""

import glob
from typing import List, Mapping, Optional, Tuple

import numpy as np

from ..errors import ModelError
from ..tf1 import eager_mode, tf
from .damage import reading
from .slices import Slice, format_slice
from .sound_v1 import require_sound_v1
from .table import is_table
from .values import Fetched, Value


def find_v1(prefix: str) -> str:
    """Returns what TensorFlow calls the checkpoint: the file, or a pattern for several; empty where there is none.

    Raises:
        ModelError: a file is missing.
    """
    if is_table(prefix):
        return prefix
    shards = _shards_of(prefix)
    if not shards:
        return ''
    count = int(shards[0][-5:])
    if len(shards) != count:
        raise ModelError('checkpoint %s has %d of its %d files: copy or save it again' % (prefix, len(shards), count))
    return '%s-?????-of-%05d' % (prefix, count)


def _shards_of(prefix: str) -> List[str]:
    return [path for path in glob.glob(glob.escape(prefix) + '-?????-of-?????') if is_table(path)]


class CheckpointV1:
    """A checkpoint of format V1.

    Args:
        prefix: path of the file, or of all without `-00000-of-00002`.

    Attributes:
        shapes: shape of every tensor by its key.

    Raises:
        ModelError: a file is missing, truncated or damaged.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._path = find_v1(prefix)
        with reading(prefix):
            for path in [prefix] if self._path == prefix else _shards_of(prefix):
                require_sound_v1(path)
            reader = tf.train.load_checkpoint(self._path)
            self.shapes: Mapping[str, Tuple[int, ...]] = {
                key: tuple(shape) for key, shape in reader.get_variable_to_shape_map().items()}
            self._types = reader.get_variable_to_dtype_map()

    def value(self, key: str, part: Optional[Slice] = None, shape: Tuple[int, ...] = ()) -> Value:
        """Returns a tensor, or a part of it.

        Args:
            key: its name in the checkpoint.
            part: where the part begins in it; None is all of it.
            shape: the shape of the part.
        """
        dtype, spec = self._types[key], format_slice(part, shape)
        return Fetched(self.shapes[key] if part is None else shape, dtype.as_numpy_dtype,
                       lambda: self._restore(key, spec, dtype))

    def _restore(self, key: str, spec: str, dtype: tf.DType) -> np.ndarray:
        with reading(self._prefix), eager_mode():
            restored = tf.raw_ops.RestoreV2(prefix=self._path, tensor_names=[key], shape_and_slices=[spec],
                                            dtypes=[dtype])
            return np.asarray(restored[0].numpy())
