"""What `tf1pruning benchmark` measured."""

from typing import Any, Dict, NamedTuple, Optional, Sequence, Tuple

from .reading import items, mapping, number, text, whole


class Timing(NamedTuple):
    """A file in a runtime: milliseconds for one run.

    Attributes:
        file: path of the file.
        runtime: `tensorflow`, `tflite` or `onnxruntime`.
        threads: how many it had.
        median_ms: of all rounds.
        p90_ms: nine of ten rounds took less.
        min_ms: the fastest.
        ratio: time by that of the file compared with; None for that file itself.
        ratio_low: lower end of its confidence interval.
        ratio_high: upper end.
        memory_mb: largest memory of the process.
    """

    file: str
    runtime: str
    threads: Optional[int]
    median_ms: Optional[float]
    p90_ms: Optional[float]
    min_ms: Optional[float]
    ratio: Optional[float]
    ratio_low: Optional[float]
    ratio_high: Optional[float]
    memory_mb: Optional[float]


class Operation(NamedTuple):
    """What one operation of a file took.

    Attributes:
        file: path of the file.
        name: of the node.
        type: of the operation.
        ms: for one run.
        share: of the whole, 0 to 1.
    """

    file: str
    name: str
    type: str
    ms: Optional[float]
    share: Optional[float]


class Benchmark(NamedTuple):
    """The content of `benchmark.json`."""

    rounds: Optional[int]
    machine: Dict[str, str]
    timings: Tuple[Timing, ...]
    operations: Tuple[Operation, ...]


def read_benchmark(content: Any) -> Optional[Benchmark]:
    """Reads `benchmark.json`; None where it measured nothing."""
    found = mapping(content)
    rows = [mapping(each) for each in items(found.get('rows'))]
    timings = tuple(Timing(text(row.get('file')), text(row.get('runtime')), whole(row.get('threads')),
                           *(number(row.get(name)) for name in Timing._fields[3:])) for row in rows)
    operations = tuple(Operation(file, text(each.get('name')), text(each.get('type')), number(each.get('ms')),
                                 number(each.get('share')))
                       for file, listed in mapping(found.get('operations')).items()
                       for each in map(mapping, items(listed)))
    if not timings and not operations:
        return None
    machine = {name: text(each) for name, each in mapping(found.get('machine')).items()}
    return Benchmark(whole(found.get('rounds')), machine, timings, operations)


def milliseconds_of_layers(benchmark: Optional[Benchmark], layers: Sequence[str]
                           ) -> Tuple[Dict[str, float], Dict[str, float]]:
    """Returns milliseconds by layer, before and after; nothing where the benchmark did not compare two files.

    The file that the others are compared with has no ratio; of the others, the first one with operations counts.
    TensorFlow calls a convolution that it has fused with what follows by the name of the last of them, so a fused
    operation counts for the only layer of its scope.
    """
    if benchmark is None:
        return {}, {}
    compared = {row.file for row in benchmark.timings if row.ratio is not None}
    timed = list(dict.fromkeys(each.file for each in benchmark.operations))
    first = next((file for file in timed if file not in compared), None)
    last = next((file for file in timed if file in compared), None)
    if first is None or last is None:
        return {}, {}
    before, after = (_by_layer([each for each in benchmark.operations if each.file == file], layers)
                     for file in (first, last))
    return before, after


def _by_layer(operations: Sequence[Operation], layers: Sequence[str]) -> Dict[str, float]:
    scopes = [_scope(name) for name in layers]
    fused = [each for each in operations if each.type.startswith('_Fused')]
    by_scope = {_scope(each.name): each.ms for each in fused if [_scope(one.name) for one in fused].count(
        _scope(each.name)) == 1}
    by_name = {each.name: each.ms for each in operations}
    found = {}
    for name, scope in zip(layers, scopes):
        time = by_name.get(name, by_scope.get(scope) if scopes.count(scope) == 1 else None)
        if time is not None:
            found[name] = time
    return found


def _scope(name: str) -> str:
    return name.rpartition('/')[0]
