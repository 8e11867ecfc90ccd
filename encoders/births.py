"""From what is known of a birth to its tokens; a view that needs more than is known gives none.

Where a birth can be on several days, as a Hijri date can, a view gives the tokens of all of them.
"""

from datetime import date, timedelta

from encoders.dates import Birth

Tokens = tuple[str, ...]


def years(birth: Birth, margin: int = 0) -> Tokens:
    """Every year that it can be, and as many neighbours on both sides as the margin says."""
    if birth.earliest is None or birth.latest is None:
        return ()
    return tuple(map(str, range(birth.earliest.year - margin, birth.latest.year + margin + 1)))


def year_digits(birth: Birth) -> Tokens:
    """The last two digits of a year that was written, each with its place."""
    digits: dict[str, None] = {}
    for year in _written_years(birth):
        digits[f"tens {year // 10 % 10}"] = None
        digits[f"ones {year % 10}"] = None
    return tuple(digits)


def swapped_year(birth: Birth) -> Tokens:
    """The last two digits of a year that was written as a set: the same where they were swapped."""
    return tuple("".join(sorted(f"{year % 100:02}")) for year in _written_years(birth))


def decades(birth: Birth) -> Tokens:
    """Every decade that it can be in, as its first year: 1990."""
    return tuple(dict.fromkeys(f"{year[:-1]}0" for year in years(birth)))


def month(birth: Birth) -> Tokens:
    """The month, where it was written."""
    return tuple(dict.fromkeys([str(day.month) for day in _days(birth, "day", "month")]))


def day(birth: Birth) -> Tokens:
    """The day of the month, where it was written."""
    return tuple(str(day.day) for day in _days(birth, "day"))


def day_and_month(birth: Birth) -> Tokens:
    """Day and month as a set: the same token where they were swapped."""
    return tuple("{} {}".format(*sorted((day.day, day.month))) for day in _days(birth, "day"))


def day_of_year(birth: Birth) -> Tokens:
    """Day and month in their order, as one token."""
    return tuple(f"{day.month}-{day.day}" for day in _days(birth, "day"))


def whole_date(birth: Birth) -> Tokens:
    """The whole date as one token, where it was written."""
    return tuple(day.isoformat() for day in _days(birth, "day"))


def near_days(birth: Birth) -> Tokens:
    """The day and its two neighbours: births a day apart share most, and a week apart none."""
    found = [day.toordinal() for day in _days(birth, "day")]
    if not found:
        return ()
    return tuple(map(str, range(found[0] - 1, found[-1] + 2)))


def _written_years(birth: Birth) -> range:
    if birth.earliest is None or birth.latest is None or birth.precision in ("decade", "age"):
        return range(0)
    return range(birth.earliest.year, birth.latest.year + 1)


def _days(birth: Birth, *precisions: str) -> list[date]:
    """Every day that a birth can be on, where it was written as precisely as one of these."""
    if birth.earliest is None or birth.latest is None or birth.precision not in precisions:
        return []
    if birth.earliest == birth.latest:
        return [birth.earliest]
    passed = (birth.latest - birth.earliest).days
    return [birth.earliest + timedelta(days=days) for days in range(passed + 1)]
