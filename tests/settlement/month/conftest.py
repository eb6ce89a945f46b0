"""Each test has a town of its own."""

import pytest

from tests.settlement.month.town import Town


@pytest.fixture
def town() -> Town:
    return Town()
