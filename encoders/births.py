"""From what is known of a birth to its tokens; a view that needs more than is known gives none.

Where a birth can be on several days, as a Hijri date can, a view gives the tokens of all of them.
Many births have one year or one day of the year: what a view looks at alone is a part of the birth
(`span`, `written_span`, `months`, `days`), and tokens are made of that.
"""

from datetime import date, timedelta

from encoders.dates import Birth

Tokens = tuple[str, ...]
Span = tuple[int, int]
"""The first and the last year that something can be in."""


def span(birth: Birth) -> tuple[Span, ...]:
    """The years that it can be, as the only part; none where it is absent."""
    if birth.earliest is None or birth.latest is None:
        return ()
    return ((birth.earliest.year, birth.latest.year),)


def written_span(birth: Birth) -> tuple[Span, ...]:
    """The years that it can be where the year was written, as the only part."""
    return () if birth.precision in ("decade", "age") else span(birth)


def months(birth: Birth) -> tuple[int, ...]:
    """Every month that it can be in, where the month was written."""
    return tuple(dict.fromkeys([day.month for day in _days(birth, "day", "month")]))


def days(birth: Birth) -> tuple[tuple[int, int], ...]:
    """Month and day of every day that it can be on, where the day was written."""
    return tuple([(day.month, day.day) for day in _days(birth, "day")])


def years_in(years: Span, margin: int = 0) -> Tokens:
    """Every year of a span, and as many neighbours on both sides as the margin says."""
    return tuple(map(str, range(years[0] - margin, years[1] + margin + 1)))


def year_digits_in(years: Span) -> Tokens:
    """The last two digits of every year of a span, each with its place."""
    digits: dict[str, None] = {}
    for year in range(years[0], years[1] + 1):
        digits[f"tens {year // 10 % 10}"] = None
        digits[f"ones {year % 10}"] = None
    return tuple(digits)


def swapped_year_in(years: Span) -> Tokens:
    """The last two digits of every year as a set: the same where they were swapped."""
    return tuple("".join(sorted(f"{year % 100:02}")) for year in range(years[0], years[1] + 1))


def decades_in(years: Span) -> Tokens:
    """Every decade of a span, as its first year: 1990."""
    return tuple(dict.fromkeys(f"{year[:-1]}0" for year in years_in(years)))


def years(birth: Birth, margin: int = 0) -> Tokens:
    """Every year that it can be, and as many neighbours on both sides as the margin says."""
    return tuple(year for part in span(birth) for year in years_in(part, margin))


def year_digits(birth: Birth) -> Tokens:
    """The last two digits of a year that was written, each with its place."""
    return tuple(digit for part in written_span(birth) for digit in year_digits_in(part))


def swapped_year(birth: Birth) -> Tokens:
    """The last two digits of a year that was written as a set: the same where they were swapped."""
    return tuple(digits for part in written_span(birth) for digits in swapped_year_in(part))


def month(birth: Birth) -> Tokens:
    """The month, where it was written."""
    return tuple(map(str, months(birth)))


def day(birth: Birth) -> Tokens:
    """The day of the month, where it was written."""
    return tuple(str(day) for _, day in days(birth))


def day_and_month(birth: Birth) -> Tokens:
    """Day and month as a set: the same token where they were swapped."""
    return tuple(map(unordered_day, days(birth)))


def unordered_day(month_and_day: tuple[int, int]) -> str:
    """Give a day and month as a set."""
    return "{} {}".format(*sorted(month_and_day))


def near_days(birth: Birth) -> Tokens:
    """The day and its two neighbours: births a day apart share most, and a week apart none."""
    found = [day.toordinal() for day in _days(birth, "day")]
    if not found:
        return ()
    return tuple(map(str, range(found[0] - 1, found[-1] + 2)))


def _days(birth: Birth, *precisions: str) -> list[date]:
    """Every day that a birth can be on, where it was written as precisely as one of these."""
    if birth.earliest is None or birth.latest is None or birth.precision not in precisions:
        return []
    if birth.earliest == birth.latest:
        return [birth.earliest]
    passed = (birth.latest - birth.earliest).days
    return [birth.earliest + timedelta(days=days) for days in range(passed + 1)]
