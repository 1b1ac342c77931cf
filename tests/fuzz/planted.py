"""Cases that end in every way there is, to see that each is found."""

import os
import time

from tests.fuzz import worker
from tf1pruning.errors import PruningError


def case(number: int, seed: int, folder: str) -> str:
    """Ends well, or in one of seven other ways."""
    with open('input', 'w') as stream:
        stream.write('case %d' % number)
    if number == 1:
        raise PruningError('an error that comes out')
    if number == 2:
        os.abort()
    if number == 3:
        time.sleep(30)
    if number == 4:
        bytearray(4 * worker.MEMORY_BYTES)
    if number == 5:
        raise AssertionError('not one line')
    if number == 6:
        os._exit(3)
    return 'refused' if number % 2 else 'done'
