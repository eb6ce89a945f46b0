"""Our order sheet, printed, marked with a pen, scanned by bad machines, faxed back, read: 500 cases and their account.

`make intake-cases CASES=20000` plays as many as wanted.
"""

from pathlib import Path

import pytest

from tests.fax_machines import build_fax_machines
from tests.intake.cases import Account, judge, make_case, over_the_line, send

CASES_EACH = 125
"""Four times: two resolutions, straight and over a telephone line."""

SPOILT_MAX = CASES_EACH // 50
"""Clear sheets on which a damaged row runs through an empty box, which a person must look at: 5 of 1,500."""


@pytest.fixture(scope="module")
def fax_machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_fax_machines(tmp_path_factory.mktemp("t30"))


def _hold(account: Account) -> None:
    print(account)
    assert account.codes_read == account.cases == CASES_EACH
    assert account.clear_marks_read == account.clear_marks > CASES_EACH // 2
    assert account.wrong == []
    assert len(account.unread) <= SPOILT_MAX
    assert account.replies + account.reviews.total() == account.cases
    assert account.reviews["unsure_tick"] > CASES_EACH // 20, "doubtful marks were among them"


@pytest.mark.parametrize("lines", [98, 196])
def test_sheets_scanned_badly_are_read_right_or_not_at_all(lines: int) -> None:
    """Every code, every clear mark, nothing that nobody marked; what is doubtful goes to a person."""
    account = Account()
    for seed in range(1000 * lines, 1000 * lines + CASES_EACH):
        case = make_case(seed, lines)
        judge(case, send(case), account)
    _hold(account)


@pytest.mark.live
@pytest.mark.parametrize("lines", [98, 196])
def test_sheets_faxed_over_a_line_are_read_right_or_not_at_all(lines: int, fax_machine: Path) -> None:
    """The same through two spandsp fax machines, as the receiving one writes its TIFF."""
    account = Account()
    for seed in range(3000 * lines, 3000 * lines + CASES_EACH):
        case = make_case(seed, lines)
        judge(case, over_the_line(fax_machine, send(case)), account)
    _hold(account)
