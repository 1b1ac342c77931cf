"""A confusion matrix as a picture."""

import io
from typing import Any

import numpy as np

_MOST_NUMBERS = 20
"""Up to so many classes the cells have their counts."""
_INK = '#24292f'


def draw_confusion(confusion: np.ndarray, title: str) -> bytes:
    """Draws how often each class is taken for each; returns a PNG, or nothing where matplotlib is missing.

    Colours are parts of a row, so that rare classes are seen as well as frequent ones; numbers are counts.

    Args:
        confusion: counts, `[class, predicted class]`.
        title: above it.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return b''
    classes = len(confusion)
    inches = float(np.clip(2.5 + 0.38 * min(classes, _MOST_NUMBERS), 4.2, 10))
    figure = Figure(figsize=(inches + 1, inches))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(1, 1, 1)
    parts = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    shown = axes.imshow(parts, cmap='Blues', vmin=0, vmax=1)
    bar = figure.colorbar(shown, ax=axes, fraction=0.046, pad=0.03)
    bar.set_label('part of the images of a class')
    if classes <= _MOST_NUMBERS:
        _write_counts(axes, confusion, parts)
    axes.set_title(title, fontsize=10, color=_INK)
    axes.set_xlabel('predicted class')
    axes.set_ylabel('class')
    figure.tight_layout()
    stream = io.BytesIO()
    figure.savefig(stream, format='png', dpi=120)
    return stream.getvalue()


def _write_counts(axes: Any, confusion: np.ndarray, parts: np.ndarray) -> None:
    axes.set_xticks(range(len(confusion)))
    axes.set_yticks(range(len(confusion)))
    size = 8 if confusion.max() < 1000 else 6.5
    for row, column in zip(*np.nonzero(confusion)):
        axes.text(column, row, '%d' % confusion[row, column], ha='center', va='center', fontsize=size,
                  color='white' if parts[row, column] > 0.55 else _INK)
