"""Amounts and days as Chinese documents write them."""

from datetime import date, datetime, timedelta

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")
_WEEKDAYS_OFF = (5, 6)
_HOLIDAYS = {(1, 1), *((5, day) for day in range(1, 6)), *((10, day) for day in range(1, 9))}


def money(yuan: int) -> str:
    """`12345678` as `12,345,678.00`; the unit, yuan, stands in the text around it."""
    return f"{yuan:,}.00"


def ten_thousands(yuan: int) -> str:
    """Yuan as 万元 with four decimals, so that nothing is rounded away."""
    return f"{yuan / 10_000:.4f}"


def capital_amount(yuan: int) -> str:
    """Whole yuan in the capital numerals of contracts, as `人民币壹仟贰佰万元整`. `yuan` is below 10^12."""
    text = ""
    for group in range(2, -1, -1):
        part = yuan // 10_000**group % 10_000
        if part == 0:
            continue
        if text and part < 1000:
            text += _DIGITS[0]
        text += _capital_group(part) + _GROUPS[group]
    return f"人民币{text or _DIGITS[0]}元整"


def _capital_group(part: int) -> str:
    text, gap = "", False
    for place in range(3, -1, -1):
        digit = part // 10**place % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += (_DIGITS[0] if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return text


def chinese_day(day: date) -> str:
    """`2026年3月9日`."""
    return f"{day.year}年{day.month}月{day.day}日"


def chinese_minute(moment: datetime) -> str:
    """`2026年3月9日9时30分`, the way opening times are announced."""
    return f"{chinese_day(moment)}{moment.hour}时{moment.minute:02d}分"


def working_day(day: date) -> date:
    """The day itself, or the first after it that is neither a weekend nor one of the holidays with fixed dates."""
    while day.weekday() in _WEEKDAYS_OFF or (day.month, day.day) in _HOLIDAYS:
        day += timedelta(days=1)
    return day
