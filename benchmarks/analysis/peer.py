"""The process that runs Torch-Pruning beside us: started once, asked in turns."""

import contextlib
import json
import os
import subprocess
from typing import Any, Dict, Optional, Type

INSTALL = """Torch-Pruning does not run with %s: %s
Install it in any environment and name that environment's interpreter (--torch-python PATH):
    pip install torch --index-url https://download.pytorch.org/whl/cpu
    pip install torch-pruning"""


class TorchPruning:
    """Torch-Pruning in a process of its own, on the same core; idle while others are measured.

    Args:
        python: an interpreter with PyTorch and torch-pruning.

    Attributes:
        versions: `torch` and `torch_pruning`; empty where they are not installed.
        problem: what to do where they are not.
    """

    def __init__(self, python: str) -> None:
        folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self._process: Optional[subprocess.Popen[str]] = None
        try:
            self._process = subprocess.Popen([python, '-m', 'benchmarks.analysis.torch_side'], stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder)
            answer = self._answer(self._process)
        except OSError as error:
            answer = {'error': error.strerror}
        self.problem = INSTALL % (python, answer['error']) if 'error' in answer else ''
        self.versions: Dict[str, str] = {} if self.problem else dict(answer)

    def __enter__(self) -> 'TorchPruning':
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Any) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()

    def measure(self, name: str) -> Dict[str, Any]:
        """Lets it prune a network; returns seconds and counts (see `benchmarks.analysis.torch_side.measure`).

        Raises:
            RuntimeError: it does not run, or ended.
        """
        if self.problem or self._process is None or self._process.stdin is None:
            raise RuntimeError(self.problem)
        with contextlib.suppress(BrokenPipeError):  # it ended: said below
            self._process.stdin.write(name + '\n')
            self._process.stdin.flush()
        answer = self._answer(self._process)
        if 'error' in answer:
            raise RuntimeError('Torch-Pruning: %s' % answer['error'])
        return answer

    @staticmethod
    def _answer(process: 'subprocess.Popen[str]') -> Dict[str, Any]:
        """Reads a line; a process that died has none."""
        line = process.stdout.readline() if process.stdout is not None else ''
        if line:
            return dict(json.loads(line))
        return {'error': 'its process ended with exit code %d' % process.wait()}
