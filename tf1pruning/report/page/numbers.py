"""Numbers as people read them."""

import math
from typing import Any, Callable, Dict, List, Optional

NOTHING = '–'
_UNITS = ('', 'k', 'M', 'G', 'T')


def show(kind: str, value: Any) -> str:
    """Formats a value.

    Args:
        kind: `text`, `count` (1,234), `short` (1.23 M), `bytes`, `part` (of 1, as a percentage), `change` (the same,
            signed), `points` (of 1, signed), `ms`, `seconds`, `loss` (four decimals), `difference` (1.2e-07),
            `number` or `truth`.
        value: the value; None is a dash.
    """
    if value is None or value == '':
        return NOTHING
    return _FORMS[kind](value)


def short(value: float) -> str:
    """Writes three figures and a unit: 1801664 is 1.80 M."""
    scaled, units = float(value), iter(_UNITS)
    unit = next(units)
    while abs(float('%.3g' % scaled)) >= 1000 and unit != _UNITS[-1]:
        scaled, unit = scaled / 1000, next(units)
    if not unit and scaled.is_integer():
        return '%d' % scaled
    size = abs(float('%.3g' % scaled))
    return ('%.*f %s' % (max(0, 2 - int(math.log10(size))) if size >= 1 else 3, scaled, unit)).strip()


def short_bytes(value: float) -> str:
    """Writes bytes as kB or MB, in steps of 1000."""
    return short(value) + 'B' if abs(value) >= 1000 else '%d B' % value


def change(before: Optional[float], after: Optional[float]) -> Optional[float]:
    """Returns the relative change, as of 1."""
    return (after - before) / before if before and after is not None else None


def ticks(low: float, high: float, count: int = 5) -> List[float]:
    """Returns round numbers between two others, at most about so many."""
    span = high - low
    if span <= 0:
        return [low]
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]


_FORMS: Dict[str, Callable[[Any], str]] = {
    'text': str,
    'count': lambda value: f'{int(value):,}',
    'short': short,
    'bytes': short_bytes,
    'part': lambda value: '%.1f %%' % (100 * value),
    'change': lambda value: ('%+.1f %%' % (100 * value)).replace('-', '−') if value else '0 %',
    'points': lambda value: ('%+.1f points' % (100 * value)).replace('-', '−'),
    'ms': lambda value: ('%.3f ms' if value < 10 else '%.1f ms') % value,
    'seconds': lambda value: '%.1f s' % value,
    'difference': lambda value: '0' if value == 0 else '%.1e' % value,
    'loss': lambda value: '%.4f' % value,
    'number': lambda value: '%.4g' % value,
    'truth': lambda value: 'yes' if value else 'no',
}
NUMERIC = frozenset(_FORMS) - {'text', 'truth'}
