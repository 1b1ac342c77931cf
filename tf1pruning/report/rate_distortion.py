"""The picture of a decomposition: what every layer keeps and loses."""

import logging
from typing import Any, Optional

from ..errors import OptionError
from ..extras import need
from ..lowrank.allocation import Choice
from ..lowrank.curves import front
from ..search.decomposition import Kernels

PICTURE = 'rate_distortion.png'
_LARGEST = 1 << 18
"""Curves of larger kernels are drawn only where they are known already: they take seconds each."""
logger = logging.getLogger(__name__)


def draw_rate_distortion(path: str, kernels: Kernels, chosen: Choice) -> Optional[str]:
    """Draws, for every layer, the error over what is kept of its cost, with the choice; below, layer by layer.

    Args:
        path: the `.png`.
        kernels: the layers.
        chosen: what became of them.

    Returns:
        The picture's name; None where matplotlib is not installed.
    """
    try:
        need('matplotlib', 'plots', 'drawing %s' % PICTURE)
    except OptionError as error:
        logger.warning('%s is not drawn: %s', PICTURE, error)
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(10, 9), dpi=100)
    FigureCanvasAgg(figure)
    curves, bars = figure.subplots(2, 1, gridspec_kw={'height_ratios': [3, 2]})
    _draw_curves(curves, kernels, chosen)
    _draw_layers(bars, kernels, chosen)
    figure.tight_layout()
    figure.savefig(path)
    return PICTURE


def _draw_curves(axes: Any, kernels: Kernels, chosen: Choice) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    names = list(kernels.layers)
    colours: Any = ScalarMappable(Normalize(0, 1), 'viridis')
    for number, name in enumerate(names):
        colour = colours.to_rgba(number / max(1, len(names) - 1))
        dense, point = kernels.costs.dense(name), chosen[name]
        if kernels.is_known(name) or kernels.layers[name].size <= _LARGEST:
            points = front(list(kernels.curve(name)))
            axes.plot([each.cost / dense for each in points], [each.error for each in points], color=colour,
                      linewidth=0.8, alpha=0.6)
        if point is not None:
            axes.plot([point.cost / dense], [point.error], 'o', color=colour, markersize=5, markeredgecolor='black',
                      markeredgewidth=0.5)
    axes.set_xlabel('cost kept (1: the layer as it is)')
    axes.set_ylabel('relative error of the kernel')
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.grid(True, alpha=0.3)
    axes.set_title('What each layer loses for what it keeps: estimates (lines), the choice (dots);\n'
                   'from the first layer (dark) to the last (light)', fontsize=10)


def _draw_layers(axes: Any, kernels: Kernels, chosen: Choice) -> None:
    places = range(len(kernels.layers))
    costs, errors = [], []
    for name in kernels.layers:
        point = chosen[name]
        costs.append(1.0 if point is None else point.cost / kernels.costs.dense(name))
        errors.append(0.0 if point is None else point.error)
    axes.bar(places, costs, color='#9ecae1', label='cost kept')
    axes.plot(places, errors, 'o-', color='#d95f02', markersize=3, linewidth=1, label='relative error')
    axes.set_ylim(0, 1.2)
    axes.set_xlim(-0.6, len(costs) - 0.4)
    axes.set_xlabel('layer')
    if len(costs) <= 24:
        axes.set_xticks(list(places))
        axes.set_xticklabels(list(kernels.layers), rotation=60, ha='right', fontsize=7)
        axes.set_xlabel('')
    axes.legend(loc='upper center', ncol=2, fontsize=8)
