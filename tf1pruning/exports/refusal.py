"""What a converter says against a model, in one line."""

import re

from ..errors import UnsupportedError

_TELLING = re.compile(r'not supported|unsupported|neither|failed|error|cannot|could not|must ', re.IGNORECASE)
_PLACE = re.compile(r'^(\d{4}-\d\d-\d\d [\d:.]+ [EFWI] )?(\S+\.(cc|py|h|mlir):\d+\S*|loc\(.*?\):|<unknown>:\d+:)\s*')
_LACKING = re.compile(r'(?:custom implementations|Select ops|Custom ops): ([\w, ]+)')
"""How the TFLite converters of TensorFlow 1.15 and 2.x introduce operations that the format does not have."""
_LONGEST = 300


def refusal(converter: str, error: BaseException) -> UnsupportedError:
    """Makes the error for a model that a converter does not take.

    Args:
        converter: its name, to begin the message with.
        error: what it raised, with all that it printed for the most part.
    """
    lacking = _LACKING.search(str(error))
    if lacking:
        return UnsupportedError('%s does not take this model: the format lacks %s' % (
            converter, lacking.group(1).strip()))
    lines = [_PLACE.sub('', line.strip()) for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if _TELLING.search(line) and not line.startswith(('Traceback', 'File "'))]
    reason = (told or lines or [type(error).__name__])[0]
    return UnsupportedError('%s does not take this model: %s' % (converter, reason[:_LONGEST]))
