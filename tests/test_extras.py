"""Optional libraries: there, or the command that installs them."""

import sys
from typing import Any

import pytest

from tf1pruning.errors import OptionError
from tf1pruning.extras import need


def test_present() -> None:
    assert need('numpy', 'onnx', 'this') is sys.modules['numpy']


def test_missing(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, 'tf2onnx.convert', None)
    with pytest.raises(OptionError, match=r"exporting to ONNX needs tf2onnx .*pip install 'tf1pruning\[onnx\]'"):
        need('tf2onnx.convert', 'onnx', 'exporting to ONNX')
