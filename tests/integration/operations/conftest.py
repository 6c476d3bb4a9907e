"""Stored files of a test are its own."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def files(settings: Any, tmp_path: Path) -> Path:
    """The folder of stored files, with one in it."""
    settings.MEDIA_ROOT = tmp_path / "files"
    folder = tmp_path / "files" / "ab"
    folder.mkdir(parents=True)
    (folder / "one").write_bytes(b"a stored file")
    return tmp_path / "files"
