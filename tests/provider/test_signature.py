"""Webhook signatures as Standard Webhooks writes them."""

import pytest

from faxgw.provider.signature import TOLERANCE_SECONDS, ForgedError, check, read_secret, sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the specification's own example.
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def headers(signature: str = SIGNATURE, timestamp: str = str(TIMESTAMP)) -> dict[str, str]:
    return {"webhook-id": MESSAGE_ID, "webhook-timestamp": timestamp, "webhook-signature": signature}


def test_the_published_example_comes_out_as_published() -> None:
    """Key, id, timestamp and body of the reference libraries give their signature."""
    assert sign(read_secret(SECRET), MESSAGE_ID, TIMESTAMP, BODY) == SIGNATURE


def test_one_fitting_signature_of_several_is_enough() -> None:
    """While a sender changes its key it signs with both."""
    check(read_secret(SECRET), headers(f"v1,AAAA v2,else {SIGNATURE}"), BODY, TIMESTAMP)


@pytest.mark.parametrize("seconds", [-TOLERANCE_SECONDS, 0, TOLERANCE_SECONDS])
def test_clocks_may_differ_within_the_tolerance(seconds: int) -> None:
    """Five minutes either way."""
    check(read_secret(SECRET), headers(), BODY, TIMESTAMP + seconds)


@pytest.mark.parametrize("seconds", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1])
def test_a_replayed_or_future_message_is_forged(seconds: int) -> None:
    """A captured webhook is worthless after five minutes."""
    with pytest.raises(ForgedError, match="clock"):
        check(read_secret(SECRET), headers(), BODY, TIMESTAMP + seconds)


@pytest.mark.parametrize("timestamp", ["", "soon", "-5", "1e9", "\u0661\u0662"])
def test_a_timestamp_that_is_no_number_is_forged(timestamp: str) -> None:
    """Not even digits of other scripts, which `int` would take."""
    with pytest.raises(ForgedError):
        check(read_secret(SECRET), headers(timestamp=timestamp), BODY, TIMESTAMP)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%", "not base64 at all"])
def test_a_secret_that_keeps_nobody_out_is_refused(secret: str) -> None:
    """Too short or unreadable: the daemon must not start with it."""
    with pytest.raises(ValueError, match="secret"):
        read_secret(secret)
