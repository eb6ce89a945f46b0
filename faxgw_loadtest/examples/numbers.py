"""Telephone numbers that nobody has: only from ranges which regulators keep free for fiction.

`config/examples/README.md` names the ranges and where that is written. Norway keeps none, so
Norwegian shops and people borrow Sweden's.
"""

# The subscriber numbers of a French range, 0000-9999, are dealt out in parts so that nobody shares a line by chance.
SHOPS_PER_REGION_MAX = 4_000
_RECIPIENTS_FROM, _RECIPIENTS_COUNT = 8_000, 1_500
_OUTSIDERS_FROM, _OUTSIDERS_COUNT = 9_500, 500

FRENCH_RANGES = {1: "+33 1 99 00", 2: "+33 2 61 91", 3: "+33 3 53 01", 4: "+33 4 65 71", 5: "+33 5 36 49"}
SWEDISH_RANGES = ("+46 8 465 004", "+46 31 390 06", "+46 40 628 04", "+46 980 319 2", "+46 70 174 06")
_STOCKHOLM, _GOTHENBURG, _MALMO, _KIRUNA, _MOBILE = SWEDISH_RANGES
_MOBILE_FROM = 5


def french_shop_fax(region: int, serial: int) -> str:
    """The fax number of the region's shop number `serial`, counted from 0."""
    return _french(region, 2 * serial)


def french_shop_phone(region: int, serial: int) -> str:
    return _french(region, 2 * serial + 1)


def french_recipient_phone(region: int, drawn: int) -> str:
    return _french(region, _RECIPIENTS_FROM + drawn % _RECIPIENTS_COUNT)


def french_outsider_fax(region: int, drawn: int) -> str:
    """The fax number of a florist who is no member."""
    return _french(region, _OUTSIDERS_FROM + drawn % _OUTSIDERS_COUNT)


def norwegian_shop_fax(serial: int) -> str:
    return f"{_STOCKHOLM} {serial:02d}"


def norwegian_shop_phone(serial: int) -> str:
    return f"{_GOTHENBURG} {serial:02d}"


def norwegian_recipient_phone(drawn: int) -> str:
    return f"{_MOBILE} {_MOBILE_FROM + drawn % (100 - _MOBILE_FROM):02d}"


def norwegian_outsider_fax(drawn: int) -> str:
    return f"{_KIRUNA} {drawn % 100:02d}"


def german(drawn: int) -> str:
    return f"+49 30 23125 {drawn % 1000:03d}"


def british(drawn: int) -> str:
    return f"+44 20 7946 0{drawn % 1000:03d}"


def _french(region: int, subscriber: int) -> str:
    return f"{FRENCH_RANGES[region]} {subscriber // 100:02d} {subscriber % 100:02d}"
