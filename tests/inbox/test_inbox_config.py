"""What an inbox's config may not say."""

from typing import Any

import pytest

from faxgw.config.inbox import Convention, Security, SidecarFormat, inbox_faults
from tests.inbox.shop import config_of


def test_a_plain_inbox_has_no_fault() -> None:
    """The defaults fit together."""
    assert list(inbox_faults([config_of()])) == []


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({"convention": Convention.SIDECAR}, "/inbox/0/sidecar"),
        ({"sidecar_fields": {"sender": "ANI"}}, "/inbox/0/sidecar_fields/sender"),
        ({"sidecar_timezone": "Mars/Olympus"}, "/inbox/0/sidecar_timezone"),
        ({"name_pattern": "("}, "/inbox/0/name_pattern"),
        ({"page_pattern": r"(?P<page>\d+)"}, "/inbox/0/page_pattern"),
        ({"done_folder": "x", "quarantine_folder": "x"}, "/inbox/0/quarantine_folder"),
    ],
)
def test_what_does_not_fit_together_is_pointed_at(config: dict[str, Any], pointer: str) -> None:
    """With a sentence that says what to write."""
    [fault] = inbox_faults([config_of(**config)])
    assert fault.pointer == pointer
    assert fault.detail


def test_two_inboxes_need_two_names() -> None:
    """Metrics and the store tell them apart by it."""
    [fault] = inbox_faults([config_of(), config_of()])
    assert fault.pointer == "/inbox/1/name"


def test_ports_and_suffixes_are_the_usual_ones() -> None:
    """Unless they are given."""
    assert config_of(security=Security.EXPLICIT).port_used == 21
    assert config_of(security=Security.IMPLICIT).port_used == 990
    assert config_of(port=2_121).port_used == 2_121
    assert config_of(sidecar=SidecarFormat.IDX).suffix_of_sidecars == ".idx"
    assert config_of(sidecar=SidecarFormat.AROUND).suffix_of_sidecars == ""
