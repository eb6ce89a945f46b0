"""Who may tell us what became of a fax where nothing is signed: HTTP Basic with a password of ours."""

import base64

import pytest

from faxgw.provider.basic import Doorman, Porter, authorization
from faxgw.provider.port import ReceiptRefusedError

PASSWORD = "a long password of ours"  # noqa: S105 - made up.


def signed_in(user: str, password: str) -> dict[str, str]:
    return {"authorization": authorization(user, password)}


def test_the_published_example_comes_out_as_published() -> None:
    """RFC 7617, sections 2 and 2.1."""
    assert authorization("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert authorization("test", "123\u00a3") == "Basic dGVzdDoxMjPCow=="


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_who_has_user_and_password_is_let_in(scheme: str) -> None:
    """The scheme's name has no case."""
    headers = {"authorization": signed_in("faxgw", PASSWORD)["authorization"].replace("Basic", scheme)}
    Doorman("faxgw", PASSWORD).check(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Basic"},
        {"authorization": "Basic \u20ac"},
        {"authorization": "Basic a"},
        {"authorization": f"Bearer {PASSWORD}"},
        {"authorization": "Basic " + base64.b64encode(PASSWORD.encode()).decode()},
        signed_in("faxgw", PASSWORD + " "),
        signed_in("faxgw", ""),
        signed_in("faxgv", PASSWORD),
        {"authorization": authorization("faxgw", PASSWORD) + ", " + authorization("faxgw", PASSWORD)},
    ],
)
def test_nobody_else_is_let_in(headers: dict[str, str]) -> None:
    """Not without, not with another user or password, not with half a header; the reason repeats nothing of it."""
    with pytest.raises(ReceiptRefusedError) as refused:
        Doorman("faxgw", PASSWORD).check(headers)
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize("headers", [{}, signed_in("faxgw", ""), signed_in("faxgw", PASSWORD)])
def test_without_a_password_of_ours_nobody_is_let_in(headers: dict[str, str]) -> None:
    """A carrier that is only asked never calls."""
    with pytest.raises(ReceiptRefusedError, match="no webhook password"):
        Doorman("faxgw", None).check(headers)


def test_each_fax_has_its_own_password() -> None:
    """It opens the door for its own reference and no other, and tells which that is."""
    porter = Porter(PASSWORD)
    assert porter.check(signed_in("s-1-1", porter.password_of("s-1-1"))) == "s-1-1"
    for forged in (signed_in("s-1-2", porter.password_of("s-1-1")), signed_in("s-1-1", PASSWORD), {}):
        with pytest.raises(ReceiptRefusedError):
            porter.check(forged)
    assert Porter(PASSWORD + "!").password_of("s-1-1") != porter.password_of("s-1-1")


@pytest.mark.parametrize("password", ["", "short", "fifteen letters"])
def test_a_password_that_keeps_nobody_out_is_refused(password: str) -> None:
    """The daemon must not start with it."""
    with pytest.raises(ValueError, match="at least 16"):
        Doorman("faxgw", password)
    with pytest.raises(ValueError, match="at least 16"):
        Porter(password)
