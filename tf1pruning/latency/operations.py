"""Where the time goes: the operations of a file, as its runtime times them."""

import json
import os
import tempfile
from collections import defaultdict
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from ..errors import UnsupportedError
from ..extras import need
from ..runtimes import example_feeds
from ..runtimes.graph import GraphRuntime
from ..runtimes.onnx import OnnxRuntime
from ..runtimes.open import runtime_of
from .interleaved import WARM_UP

RUNS = 30


class Operation(NamedTuple):
    """One operation of a file.

    Attributes:
        name: its name in the file.
        type: what it does, `Conv2D` for example.
        ms: median of some runs.
        share: of all operations' time.
    """

    name: str
    type: str
    ms: float
    share: float


def profile(path: str, threads: int = 1, batch: int = 1) -> List[Operation]:
    """Times the operations of a file, those that take longest first.

    Raises:
        UnsupportedError: a TFLite file: its interpreter does not tell Python the times.
        ModelError: the file is missing, damaged or cannot be run.
    """
    runtime = runtime_of(path)
    if runtime == 'tflite':
        raise UnsupportedError('%s: the TFLite interpreter does not tell Python how long an operation takes: profile '
                               'the .pb or .onnx of the same model' % path)
    times = _of_graph(path, threads, batch) if runtime == 'tensorflow' else _of_onnx(path, threads, batch)
    medians = {key: float(np.median(each)) for key, each in times.items()}
    total = sum(medians.values()) or 1.0
    found = [Operation(name, kind, round(ms, 5), round(ms / total, 5)) for (name, kind), ms in medians.items()]
    return sorted(found, key=lambda operation: -operation.ms)


Times = Dict[Tuple[str, str], List[float]]
"""Milliseconds of every run by name and type."""


def _of_graph(path: str, threads: int, batch: int) -> Times:
    times: Times = defaultdict(list)
    with GraphRuntime(path, threads) as runtime:
        feeds = example_feeds(runtime, batch)
        for number in range(WARM_UP + RUNS):
            for name, kind, ms in runtime.traced(feeds):
                if number >= WARM_UP:
                    times[name, kind].append(ms)
    return times


def _of_onnx(path: str, threads: int, batch: int) -> Times:
    need('onnxruntime', 'onnx', 'profiling %s' % path)
    times: Times = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, OnnxRuntime(path, threads, os.path.join(folder, 'times')) as runtime:
        feeds = example_feeds(runtime, batch)
        for _ in range(WARM_UP + RUNS):
            runtime.run(feeds)
        events = _events(runtime.end_profiling())
    for event in events:
        if event.get('cat') == 'Node' and event['name'].endswith('_kernel_time'):
            times[event['name'][:-len('_kernel_time')], event['args']['op_name']].append(event['dur'] / 1e3)
    return {key: each[-RUNS:] for key, each in times.items()}


def _events(path: str) -> List[Dict[str, Any]]:
    with open(path) as stream:
        found: List[Dict[str, Any]] = json.load(stream)
    return found
