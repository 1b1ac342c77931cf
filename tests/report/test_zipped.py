"""Sizes in a zip archive."""

import os
import zipfile
from typing import Any

from tf1pruning.report.zipped import zipped_bytes


def test_it_is_the_size_of_the_archive(tmp_path: Any) -> None:
    """Of one that is written."""
    (tmp_path / 'zeros').write_bytes(bytes(100000))
    (tmp_path / 'noise').write_bytes(os.urandom(100000))
    paths = [str(tmp_path / name) for name in ('zeros', 'noise')]
    with zipfile.ZipFile(str(tmp_path / 'both.zip'), 'w', zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.write(path, os.path.basename(path))
    assert abs(zipped_bytes(paths) - os.path.getsize(str(tmp_path / 'both.zip'))) <= 2 * 16
    assert zipped_bytes(paths[:1]) < 1000 < 100000 < zipped_bytes(paths[1:])
