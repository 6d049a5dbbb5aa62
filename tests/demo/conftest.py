from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rota.demo import build, shop


@pytest.fixture
def empty_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop without any row; returns its folder."""
    monkeypatch.setenv(shop.FOLDER_VARIABLE, str(tmp_path))
    build.build(tmp_path / "shop.db", 0, datetime.now(UTC).replace(tzinfo=None))
    return tmp_path
