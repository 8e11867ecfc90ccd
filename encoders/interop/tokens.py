"""From a cell to the text that is hashed, and from that to tokens, as clkhash 0.18.3 has it."""

import datetime
import re

from encoders.interop.schema import Choice, Date, Exact, Feature, Integer, Ngrams, Numeric, Text


class EntryError(Exception):
    """A cell breaks its format; it says which rule and never holds the cell."""


def tokens_of(cell: str, feature: Feature) -> list[str]:
    """Give the tokens of a cell, in order and with repetitions.

    Args:
        cell: A cell, as it stands in the data.
        feature: Its column.

    Raises:
        EntryError: The cell does not fit the feature's format or comparison.
    """
    missing = feature.hashing.missingValue
    if missing is not None and cell == missing.sentinel:
        text = cell if missing.replaceWith is None else missing.replaceWith
    else:
        text = _formatted(cell, feature)
    if not text:
        return []
    match feature.hashing.comparison:
        case Ngrams(n=n, positional=positional):
            return _ngrams(text, n, positional=positional)
        case Exact():
            return [text]
        case Numeric() as numeric:
            return _neighbourhood(text, numeric)


def encoding_of(feature: Feature) -> str:
    """Give the encoding in which the feature's tokens are hashed."""
    return feature.format.encoding if isinstance(feature.format, Text) else "utf-8"


def _formatted(cell: str, feature: Feature) -> str:
    """Check a cell against its format, and write it in the format's one way."""
    form = feature.format
    match form:
        case Text():
            _check_text(cell, form)
            return cell
        case Integer():
            return _whole_number(cell, form)
        case Date():
            return _date(cell, form)
        case Choice():
            if cell not in form.values:
                raise EntryError("is none of the values of its list")
            return cell


def _check_text(cell: str, form: Text) -> None:
    try:
        cell.encode(form.encoding)
    except UnicodeEncodeError:
        raise EntryError(f"can't be written in {form.encoding}") from None
    if form.pattern is not None:
        if re.fullmatch(form.pattern, cell) is None:
            raise EntryError("does not have its pattern")
        return
    if len(cell) < (form.minLength or 0):
        raise EntryError("is shorter than its minLength")
    if form.maxLength is not None and len(cell) > form.maxLength:
        raise EntryError("is longer than its maxLength")
    if {"upper": cell.upper(), "lower": cell.lower(), "mixed": cell}[form.case] != cell:
        raise EntryError(f"is not in {form.case} case")


def _whole_number(cell: str, form: Integer) -> str:
    try:
        number = int(cell, base=10)
    except ValueError:
        raise EntryError("is no whole number") from None
    if form.minimum is not None and number < form.minimum:
        raise EntryError("is below its minimum")
    if form.maximum is not None and number > form.maximum:
        raise EntryError("is above its maximum")
    return str(number)


def _date(cell: str, form: Date) -> str:
    try:
        day = datetime.datetime.strptime(cell, form.format)
    except ValueError:
        raise EntryError("is no date of its format") from None
    return day.strftime("%Y%m%d")


def _ngrams(text: str, n: int, *, positional: bool) -> list[str]:
    padded = f"{' ' * (n - 1)}{text}{' ' * (n - 1)}"
    grams = [padded[i : i + n] for i in range(len(padded) - n + 1)]
    return [f"{i} {gram}" for i, gram in enumerate(grams, start=1)] if positional else grams


def _neighbourhood(text: str, numeric: Numeric) -> list[str]:
    """Numbers around a number on a common grid.

    Source: Vatsalan and Christen, Privacy-preserving matching of similar patients, Journal of
    Biomedical Informatics 59 (2016), in the whole numbers of clkhash 0.18.3.
    """
    try:
        number = _scaled(text, numeric.fractional_precision) * 2 * numeric.resolution
    except (ValueError, OverflowError):
        raise EntryError("is no number") from None
    rest = number % numeric.interval
    middle = number - rest if rest < numeric.interval / 2 else number + numeric.interval - rest
    middle = number if rest == 0 else middle
    steps = range(-numeric.resolution, numeric.resolution + 1)
    return [str(middle + step * numeric.interval) for step in steps]


def _scaled(text: str, precision: int) -> int:
    power: int = 10**precision
    try:
        return int(text, base=10) * power
    except ValueError:
        number = float(text)
    return round(number * power) if precision else int(number)
