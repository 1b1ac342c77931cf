"""TFLite files, run by the interpreter of the installed TensorFlow."""

from typing import Any, Dict, List, Sequence

import numpy as np

from ..errors import ModelError
from ..graph.shapes import first_line
from ..silence import silence
from ..tf1 import is_tf1, tf
from .runtime import Port, Runtime


class TfliteRuntime(Runtime):
    """A TFLite file in an interpreter.

    Args:
        path: the file.
        threads: how many it may use; 0 leaves it to the interpreter. That of TensorFlow 1.15 cannot be told.

    Raises:
        ModelError: the file is missing or damaged, or the interpreter refuses it.
    """

    def __init__(self, path: str, threads: int = 0) -> None:
        try:
            with open(path, 'rb') as stream:
                content = stream.read()
            options: Dict[str, Any] = {'num_threads': threads} if threads and not is_tf1() else {}
            with silence():
                self._interpreter = tf.lite.Interpreter(model_content=content, **options)
                self._interpreter.allocate_tensors()
        except OSError as error:
            raise ModelError('cannot read %s: %s' % (path, error.strerror)) from error
        except (ValueError, RuntimeError) as error:
            raise ModelError('%s: the TFLite interpreter refuses it: %s' % (path, first_line(error))) from error
        self._ins, self._outs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        self.inputs, self.outputs = (tuple(map(_port, some)) for some in (self._ins, self._outs))

    def run(self, feeds: Sequence[np.ndarray]) -> List[np.ndarray]:
        """Runs the model once, at the batch size of the file."""
        try:
            for details, value in zip(self._ins, feeds):
                self._interpreter.set_tensor(details['index'], _quantised(details, np.asarray(value)))
            self._interpreter.invoke()
            return [_real(details, self._interpreter.get_tensor(details['index'])) for details in self._outs]
        except (ValueError, RuntimeError) as error:
            raise ModelError('cannot run the TFLite model: %s' % first_line(error)) from error

    def close(self) -> None:
        """Lets go of the interpreter."""
        del self._interpreter


def _port(details: Dict[str, Any]) -> Port:
    quantised = _scale(details) != 0
    return Port(details['name'], tuple(int(size) for size in details['shape']),
                np.float32 if quantised else details['dtype'])


def _scale(details: Dict[str, Any]) -> float:
    """Returns what one step of a quantised tensor stands for, 0 where it is not quantised."""
    return float(details['quantization'][0]) if np.issubdtype(details['dtype'], np.integer) else 0.0


def _quantised(details: Dict[str, Any], value: np.ndarray) -> np.ndarray:
    """Returns the steps that stand for real numbers: `q = round(x / scale) + zero point`, within the type's range."""
    scale = _scale(details)
    if not scale:
        return value.astype(details['dtype'], copy=False)
    limits = np.iinfo(details['dtype'])
    steps = np.round(value / scale) + details['quantization'][1]
    return np.clip(steps, limits.min, limits.max).astype(details['dtype'])


def _real(details: Dict[str, Any], value: np.ndarray) -> np.ndarray:
    scale = _scale(details)
    return value if not scale else ((value.astype(np.float32) - details['quantization'][1]) * scale).astype(np.float32)
