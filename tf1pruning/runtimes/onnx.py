"""ONNX files, run by ONNX Runtime."""

from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from ..errors import ModelError
from ..extras import need
from ..graph.shapes import first_line
from .runtime import Port, Runtime

_TYPES = {'tensor(%s)' % name: kind for name, kind in (
    ('float', np.float32), ('float16', np.float16), ('double', np.float64), ('bool', np.bool_), ('int8', np.int8),
    ('int16', np.int16), ('int32', np.int32), ('int64', np.int64), ('uint8', np.uint8), ('uint16', np.uint16),
    ('uint32', np.uint32), ('uint64', np.uint64))}
"""Of numbers; anything else, text for example, is an object."""
_PROVIDERS = ['CPUExecutionProvider']


class OnnxRuntime(Runtime):
    """An ONNX file in a session of ONNX Runtime.

    Args:
        path: the file.
        threads: how many an operation may use; 0 takes what is there.
        profile: beginning of the path of a file for the times of operations; none without it.

    Raises:
        ModelError: the file is missing or damaged, or ONNX Runtime refuses it.
        OptionError: ONNX Runtime is not installed.
    """

    def __init__(self, path: str, threads: int = 0, profile: str = '') -> None:
        onnxruntime = need('onnxruntime', 'onnx', 'running %s' % path)
        try:
            with open(path, 'rb') as stream:
                content = stream.read()
        except OSError as error:
            raise ModelError('cannot read %s: %s' % (path, error.strerror)) from error
        self._session = session_of(onnxruntime, content, path, threads, profile)
        self.inputs, self.outputs = (tuple(map(_port, some)) for some in (
            self._session.get_inputs(), self._session.get_outputs()))

    def run(self, feeds: Sequence[np.ndarray]) -> List[np.ndarray]:
        """Runs the model once."""
        try:
            return list(self._session.run(None, {port.name: value for port, value in zip(self.inputs, feeds)}))
        except Exception as error:  # its errors share no other base
            raise ModelError('cannot run the ONNX model: %s' % first_line(error)) from error

    def end_profiling(self) -> str:
        """Returns the path of the file with the times of operations, as JSON."""
        return str(self._session.end_profiling())

    def close(self) -> None:
        """Lets go of the session."""
        del self._session


def session_of(onnxruntime: Any, content: bytes, path: str, threads: int = 0, profile: str = '') -> Any:
    """Returns a session on the CPU.

    Raises:
        ModelError: ONNX Runtime refuses the model.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.enable_profiling = bool(profile)
    if profile:
        options.profile_file_prefix = profile
    try:
        return onnxruntime.InferenceSession(content, options, providers=_PROVIDERS)
    except Exception as error:  # its errors share no other base
        raise ModelError('%s: ONNX Runtime refuses it: %s' % (path, first_line(error))) from error


def _port(argument: Any) -> Port:
    shape: Optional[Tuple[Optional[int], ...]] = None
    if argument.shape is not None:
        shape = tuple(size if isinstance(size, int) else None for size in argument.shape)
    return Port(argument.name, shape, _TYPES.get(argument.type, np.object_))
