"""Memory that a file needs: of a process of its own that loads and runs it."""

import os
import subprocess
import sys

from ..errors import ModelError
from ..extras import need
from ..runtimes import example_feeds, open_runtime

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
"""Where the package is: Python looks for modules in the folder it starts in, and a user's may hold a `json.py`."""


def memory_of(path: str, batch: int = 1) -> float:
    """Returns how many MB the peak of a process grows that loads a file and runs it, libraries not counted.

    Raises:
        ModelError: the file cannot be run.
    """
    child = subprocess.run([sys.executable, '-m', __name__, os.path.abspath(path), str(batch)], capture_output=True,
                           text=True, check=False, cwd=_ROOT)
    if child.returncode:
        lines = child.stderr.strip().splitlines() or ['it ended with code %d' % child.returncode]
        raise ModelError('cannot measure the memory of %s: %s' % (path, lines[-1]))
    return float(child.stdout)


def peak_mb() -> float:
    """Returns the peak of this process in MB, as Linux counts it: `ru_maxrss` would count that of its parent, too."""
    return _status_mb('VmHWM')


def _status_mb(name: str) -> float:
    with open('/proc/self/status') as stream:
        line = next(line for line in stream if line.startswith(name + ':'))
    return int(line.split()[1]) * 1024 / 1e6


def _forget_peak() -> None:
    """Lets Linux count the peak anew, from what there is now."""
    with open('/proc/self/clear_refs', 'w') as stream:
        stream.write('5')


def _main(path: str, batch: int) -> None:
    """Prints the growth in MB."""
    if path.endswith('.onnx'):
        need('onnxruntime', 'onnx', 'running %s' % path)
    _forget_peak()
    before = _status_mb('VmRSS')
    with open_runtime(path, 1) as runtime:
        feeds = example_feeds(runtime, batch)
        for _ in range(3):
            runtime.run(feeds)
    sys.stdout.write('%.2f\n' % (peak_mb() - before))


if __name__ == '__main__':
    _main(sys.argv[1], int(sys.argv[2]))
