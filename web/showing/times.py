"""Moments and days as people read them: in the centre's zone, with the distance from now beside them."""

from datetime import date, datetime, tzinfo

from markupsafe import Markup

from web.words import Words

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_MONTH, _YEAR = 30 * _DAY, 365 * _DAY
_SHORTEST_MOMENT = len("2026-01-01T00:00:00Z")


class Times:
    """Shows moments in `zone` as seen at `now`."""

    def __init__(self, zone: tzinfo, now: datetime, words: Words) -> None:
        self._zone = zone
        self._now = now
        self._say = words

    def moment(self, value: datetime | None) -> Markup:
        """Day and time of day, as an element whose title is the distance from now."""
        return self._element(value, "%Y-%m-%d %H:%M")

    def day(self, value: datetime | None) -> Markup:
        """The day alone, with the same title."""
        return self._element(value, "%Y-%m-%d")

    def _element(self, value: datetime | None, form: str) -> Markup:
        if value is None:
            return Markup('<span class="faint">{}</span>').format(self._say("time.unknown"))
        local = value.astimezone(self._zone)
        title = f"{self.relative(value)} · {local:%Y-%m-%d %H:%M:%S %Z}"
        return Markup('<time datetime="{}" title="{}">{}</time>').format(local.isoformat(), title, format(local, form))

    def text(self, value: str) -> Markup:
        """A described value: as a moment where it is one with its zone, else as it stands."""
        try:
            moment = datetime.fromisoformat(value) if len(value) >= _SHORTEST_MOMENT else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            return Markup("{}").format(value)
        return self.moment(moment)

    def relative(self, value: datetime) -> str:
        """How long ago, or in how long."""
        seconds = int((self._now - value).total_seconds())
        key = "time.ago" if seconds >= 0 else "time.ahead"
        distance = abs(seconds)
        if distance < _MINUTE:
            return self._say("time.just-now")
        for unit, length in (("years", _YEAR), ("months", _MONTH), ("days", _DAY), ("hours", _HOUR)):
            if distance >= length:
                return self._say(key, distance=self._say(f"time.{unit}", n=distance // length))
        return self._say(key, distance=self._say("time.minutes", n=distance // _MINUTE))

    def today(self) -> date:
        """Today in the zone."""
        return self._now.astimezone(self._zone).date()

    def days_since(self, day: date) -> int:
        """How many days ago a day was; below zero for one to come."""
        return (self.today() - day).days
