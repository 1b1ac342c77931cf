"""The formats that a model can be shipped in."""

from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

from ..calibration import Example
from ..errors import OptionError
from ..model.frozen import save_frozen
from ..model.model import Model
from .onnx import write_onnx
from .saved_model import write_saved_model
from .tflite import write_tflite


class Settings(NamedTuple):
    """What some formats need to know.

    Attributes:
        examples: what activations are measured on, for int8.
        inputs_as_nchw: whether an ONNX model takes its images as `[N, C, H, W]`.
    """

    examples: Sequence[Example] = ()
    inputs_as_nchw: bool = False


class Format(NamedTuple):
    """A format.

    Attributes:
        file: name of the file, or of the folder.
        bound: largest relative difference from the checkpoint's outputs that is let through.
        write: writes a model in inference form to a path.
    """

    file: str
    bound: float
    write: Callable[[Model, str, Settings], object]


FLOAT_BOUND = 1e-4
"""For weights as they are: other products in another order."""

FORMATS: Dict[str, Format] = {
    'pb': Format('model.pb', FLOAT_BOUND, lambda model, path, _: save_frozen(model, path)),
    'saved_model': Format('saved_model', FLOAT_BOUND, lambda model, path, _: write_saved_model(model, path)),
    'onnx': Format('model.onnx', FLOAT_BOUND, lambda model, path, settings: write_onnx(
        model, path, settings.inputs_as_nchw)),
    'tflite': Format('model.tflite', FLOAT_BOUND, lambda model, path, _: write_tflite(model, path)),
    'tflite_float16': Format('model_float16.tflite', 1e-2, lambda model, path, _: write_tflite(
        model, path, 'float16')),
    'tflite_dynamic': Format('model_dynamic.tflite', 1.5e-1, lambda model, path, _: write_tflite(
        model, path, 'dynamic')),
    'tflite_int8': Format('model_int8.tflite', 2.5e-1, lambda model, path, settings: write_tflite(
        model, path, 'int8', settings.examples)),
}
"""By name. The bounds of float16 and int8 tell rounding from damage: `docs/exports.md` has what real networks show."""


def chosen_formats(names: Sequence[str], examples: Optional[str]) -> List[str]:
    """Returns the formats that names mean; `all` stands for those that need nothing more than what is given.

    Args:
        names: see `FORMATS`.
        examples: where examples are, None where none are given.

    Raises:
        OptionError: a name is no format, or one that needs examples is asked for without.
    """
    found = [name for name in FORMATS if examples or name != 'tflite_int8'] if list(names) == ['all'] else list(
        dict.fromkeys(names))
    for name in found:
        if name not in FORMATS:
            raise OptionError('--format: no format %r: choose among %s, or all' % (name, ', '.join(FORMATS)))
    if 'tflite_int8' in found and not examples:
        raise OptionError('tflite_int8 measures activations on examples: give --calibration PATH')
    if not found:
        raise OptionError('--format is empty: choose among %s, or all' % ', '.join(FORMATS))
    return found
