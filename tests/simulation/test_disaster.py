"""The bad morning, small enough for every run; `make disaster` plays it with 20,000 faxes."""

import pytest

from tests.simulation.disaster import play_disaster

pytestmark = pytest.mark.alone


def test_no_fax_is_lost_when_every_carrier_has_trouble() -> None:
    """One carrier down for ten minutes, one answering 429, one losing answers: all end delivered, none twice."""
    print(play_disaster(1_000))
