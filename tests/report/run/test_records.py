"""Counts, certificate and benchmark, read from their files."""

from tests.report import runs
from tf1pruning.report.run.attempts import counts_of, read_attempts
from tf1pruning.report.run.certificate import read_certificate
from tf1pruning.report.run.counts import read_counts
from tf1pruning.report.run.speed import milliseconds_of_layers, read_benchmark


def test_counts_of_a_report_and_of_the_demo() -> None:
    """In the order of importance; what the demo measured of the files comes along."""
    report = {'macs': {'before': 10, 'after': 5}, 'bytes': {'after': 3}, 'parameters': {'before': 4}}
    demo = {'before': {'accuracy': 0.9, 'bytes': 7}, 'after': {'accuracy': 0.8, 'bytes': 6, 'latency_ms': 1.5}}
    found = [(count.name, count.before, count.after, count.left) for count in read_counts(report, demo)]
    assert found == [('macs', 10, 5, 0.5), ('accuracy', 0.9, 0.8, 0.8 / 0.9), ('latency_ms', None, 1.5, None),
                     ('pb_bytes', 7, 6, 6 / 7), ('bytes', None, 3, None)]


def test_counts_of_a_loop_that_was_not_stripped() -> None:
    """From the first to the last accepted row."""
    found = {count.name: (count.before, count.after) for count in counts_of(read_attempts(runs.history()))}
    assert found == {'macs': (1000, 500), 'parameters': (100, 60), 'accuracy': (0.95, 0.94)}
    assert counts_of(read_attempts(runs.history()[:1])) == []


def test_certificate() -> None:
    found = read_certificate(runs.certificate())
    assert found is not None
    assert [(each.format, each.within, each.counts['bytes'], each.before['bytes']) for each in found.files] == [
        ('pb', True, 500, 1000), ('tflite', False, 500, 1000), ('saved_model', True, 500, 1000)]
    assert [len(each.parts) for each in found.files] == [0, 0, 2]
    assert found.fell == {'macs': True, 'bytes': True, 'operations': False}
    assert found.original == ''
    assert read_certificate({'files': []}) is None


def test_benchmark() -> None:
    found = read_benchmark(runs.benchmark('layer'))
    assert found is not None
    assert [(row.file, row.median_ms, row.ratio, row.p90_ms) for row in found.timings] == [
        ('a.pb', 2.0, None, None), ('b.pb', 1.0, 0.5, None)]
    assert milliseconds_of_layers(found, ['layer', 'other']) == ({'layer': 1.0}, {'layer': 0.25})
    assert milliseconds_of_layers(found._replace(timings=found.timings[:1]), ['layer']) == ({}, {})
    assert milliseconds_of_layers(None, ['layer']) == ({}, {})
    assert read_benchmark({'rounds': 3}) is None


def test_fused_operations_count_for_the_only_layer_of_their_scope() -> None:
    """Where two could be meant, for none."""
    content = runs.benchmark('a/Conv2D')
    for listed in content['operations'].values():
        listed[:] = [{'name': name, 'type': kind, 'ms': 2.0} for name, kind in (
            ('a/Relu6', '_FusedConv2D'), ('b/Relu6', '_FusedConv2D'), ('b/Relu6_1', '_FusedConv2D'),
            ('c/Relu6', '_FusedConv2D'), ('d/Relu6', 'Relu6'))]
    layers = ['a/Conv2D', 'b/Conv2D', 'c/Conv2D', 'c/Conv2D_1', 'd/Conv2D']
    assert milliseconds_of_layers(read_benchmark(content), layers) == ({'a/Conv2D': 2.0}, {'a/Conv2D': 2.0})
