"""What is written inside is not seen, what is written around it is."""

import os
import subprocess
import sys
from typing import Any

from tf1pruning.silence import silence


def test_only_the_inside_is_silent(capfd: Any) -> None:
    print('before')
    with silence():
        print('inside')
        os.write(2, b'inside')
        subprocess.check_call([sys.executable, '-c', 'print("inside")'])
    print('after', file=sys.stderr)
    assert capfd.readouterr() == ('before\n', 'after\n')
