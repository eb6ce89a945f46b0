import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from faxgw.ops.logs import configure_logs


@pytest.fixture
def out() -> Iterator[io.BytesIO]:
    """What is logged; the process's logging is as before at the end."""
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    yield io.BytesIO()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()


def lines_of(out: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_one_json_object(out: io.BytesIO) -> None:
    """Time in UTC, level and event come first; fields follow as they are."""
    configure_logs("json", "info", out)
    structlog.get_logger("x").warning("fax_failed", fax_id=7, code="17")
    [line] = lines_of(out)
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert line["timestamp"].endswith("Z")
    assert (line["level"], line["event"], line["fax_id"], line["code"]) == ("warning", "fax_failed", 7, "17")


def test_lower_levels_are_left_out(out: io.BytesIO) -> None:
    """Only the level configured and those above are written."""
    configure_logs("json", "warning", out)
    structlog.get_logger().info("quiet")
    structlog.get_logger().error("loud")
    assert [line["event"] for line in lines_of(out)] == ["loud"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_nothing_personal_comes_through(out: io.BytesIO, form: Any) -> None:
    """Names, words and whole numbers stay out, wherever they hide: fields, texts, nested values, exceptions."""
    configure_logs(form, "info", out)
    log = structlog.get_logger()
    log.info(
        "call",
        line="+33199001234",
        recipient={"name": "Ada Fleur"},
        card_message="Je t'aime",
        reason="dialled +33 1 99 00 12 34 in vain",
        numbers=["+33199001234"],
        inner={"phone": "0199001234"},
    )
    log.error("failed", exc_info=ValueError("no way to +33199001234"))
    written = out.getvalue().decode()
    for personal in ("001234", "00 12 34", "Ada", "aime"):
        assert personal not in written
    assert "+3319900****" in written
    assert "ValueError" in written


def test_debug_shows_everything(out: io.BytesIO) -> None:
    """Who asks for debug level asks for the numbers."""
    configure_logs("json", "debug", out)
    structlog.get_logger().debug("call", line="+33199001234")
    assert lines_of(out)[0]["line"] == "+33199001234"


def test_other_libraries_are_heard_from_warning_on(out: io.BytesIO) -> None:
    """The standard library's loggers end in the same lines; their chatter does not."""
    configure_logs("json", "info", out)
    logging.getLogger("httpx").info("HTTP Request: GET http://carrier/?to=+33199001234")
    logging.getLogger("httpx").warning("slow %s", "carrier")
    [line] = lines_of(out)
    assert (line["event"], line["logger"], line["level"]) == ("slow carrier", "httpx", "warning")


def test_tracebacks_show_no_variables(out: io.BytesIO) -> None:
    """The values in a frame may be an order."""
    configure_logs("json", "info", out)

    def fail(words: str) -> None:
        raise RuntimeError(len(words))

    try:
        fail("Meet me " + "at noon")
    except RuntimeError:
        structlog.get_logger().exception("failed")
    assert "Meet me at noon" not in out.getvalue().decode()
    assert "RuntimeError" in lines_of(out)[0]["exception"]


def test_what_json_cannot_say_is_written_all_the_same(out: io.BytesIO) -> None:
    """A log call never fails for its values."""
    configure_logs("json", "info", out)
    structlog.get_logger().info("odd", value=object(), error=ValueError("x"))
    assert "object object" in lines_of(out)[0]["value"]
