"""An explorer in front of a made-up engine."""

from __future__ import annotations

import pytest
from engine_double import EngineDouble
from explorer_answers import made_up

from cnnvis_widgets.widgets.explorer.explorer import Explorer


@pytest.fixture
def engine() -> EngineDouble:
    return EngineDouble(made_up)


@pytest.fixture
def explorer(engine: EngineDouble) -> Explorer:
    """All that it asks at first is answered, and forgotten."""
    made = Explorer(engine=engine)  # type: ignore[arg-type]
    engine.answer_all()
    engine.requests.clear()
    return made
