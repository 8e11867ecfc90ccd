"""Which columns of a society's file are which columns of the record model.

A mapping file is TOML::

    ignore = ["phone", "notes"]            # known, and knowingly not read
    encoding = "windows-1256"              # only where it can't be told from the file
    date_order = "dmy"                     # of dates that end with their year; "mdy" in the USA
    calendar = "solar-hijri"               # of birth dates whose row names no calendar

    [columns]
    given_name = "Prénom"
    residence = ["address_1", "suburb"]    # joined with a space

A column that already bears its name in the record model needs no line. What is neither mapped nor
ignored is refused by name, so that nothing is read, or left out, that nobody decided on.
"""

import tomllib
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Self

from encoders.calendars import CALENDARS, calendar_named
from encoders.dates import ORDERS
from encoders.records import COLUMNS, NAME_COLUMNS
from matcher.formats.errors import InputError

_SETTINGS = ("encoding", "date_order", "calendar")


@dataclass(frozen=True)
class Mapping:
    """Which columns of a file are read, and as what.

    Attributes:
        columns: For a column of the record model, the file's columns that make it up.
        ignore: Columns of the file that are not read.
        encoding: The file's text encoding, by Python's name for it; None finds out.
        date_order: Which of day and month comes first in dates that end with their year, one of
            `encoders.dates.ORDERS`; None reads only those dates that leave no doubt.
        calendar: The calendar of birth dates whose row names none; None means Gregorian.
    """

    columns: AnyMapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    encoding: str | None = None
    date_order: str | None = None
    calendar: str | None = None

    def __post_init__(self) -> None:
        unknown = [f"'{name}'" for name in self.columns if name not in COLUMNS]
        if unknown:
            raise InputError(
                f"[columns] of the mapping holds {', '.join(unknown)}, not a column of the record "
                f"model. On the left must stand one of {', '.join(COLUMNS)}; 'ignore' and "
                "'encoding' stand above [columns]."
            )
        mapped = {name for sources in self.columns.values() for name in sources}
        if mapped & self.ignore:
            raise InputError(
                f"The mapping both maps and ignores {_listed(sorted(mapped & self.ignore))}; "
                "choose one."
            )
        if self.encoding is not None and not _is_text_encoding(self.encoding):
            raise InputError(
                "The mapping's 'encoding' is not known; use a name such as utf-8 or windows-1256."
            )
        if self.date_order not in (None, *ORDERS):
            raise InputError(
                "The mapping's 'date_order' must be dmy, where the day comes first, or mdy, where "
                "the month does."
            )
        if calendar_named(self.calendar) is None:
            raise InputError(f"The mapping's 'calendar' must be one of {', '.join(CALENDARS)}.")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a mapping file.

        Raises:
            InputError: The file can't be read, is no TOML, or holds what a mapping does not.
        """
        try:
            content = tomllib.loads(path.read_text("utf-8-sig"))
        except OSError as error:
            raise InputError(f"{path}: can't be read ({error.strerror}).") from None
        except UnicodeDecodeError:
            raise InputError(f"{path}: the mapping is not UTF-8; save it as UTF-8.") from None
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{path}: the mapping is not valid TOML: {error}.") from None
        unknown = sorted(content.keys() - {"columns", "ignore", *_SETTINGS})
        if unknown:
            raise InputError(
                f"{path}: a mapping holds [columns], ignore, {', '.join(_SETTINGS)}; "
                f"{_listed(unknown)} is none of them."
            )
        columns = content.get("columns", {})
        settings = {name: content.get(name) for name in _SETTINGS}
        if not isinstance(columns, dict) or not all(
            isinstance(setting, str | None) for setting in settings.values()
        ):
            raise InputError(
                f"{path}: [columns] must be a table, and each of {', '.join(_SETTINGS)} a text."
            )
        return cls(
            {name: _names(path, name, sources) for name, sources in columns.items()},
            frozenset(_names(path, "ignore", content.get("ignore", []))),
            **settings,
        )

    @classmethod
    def shipped(cls, name: str) -> Self:
        """Give a mapping that comes with kinmatch: `unhcr`.

        Raises:
            InputError: There is none of that name.
        """
        found = files("encoders.readers").joinpath("mappings", f"{name}.toml")
        if not found.is_file():
            raise InputError(
                f"'{name}' is neither a mapping file nor the name of a mapping that comes with "
                "kinmatch; 'unhcr' is one."
            )
        with as_file(found) as path:
            return cls.load(path)

    @property
    def loadable(self) -> tuple[str, ...]:
        """Every column that a file may have loaded, in the order of the record model."""
        names = (name for column in COLUMNS for name in self._sources(column))
        return tuple(name for name in dict.fromkeys(names) if name not in self.ignore)

    def knows(self, name: str) -> bool:
        """Tell whether a column of the file is mapped, ignored or the record model's own."""
        return name in self.ignore or name in self.loadable

    def wanted(self, header: Sequence[str]) -> tuple[str, ...]:
        """Choose the columns of a file that are to be loaded.

        Args:
            header: The file's column names. Columns without a name are never read.

        Returns:
            Names of the header, in its order.

        Raises:
            InputError: A column is unknown or stands twice, or there is none for the identifier
                or for a name. Where no column at all is known, the message holds no names: the
                first row is then more likely a person than a header.
        """
        named = [name for name in header if name]
        unknown = [name for name in named if not self.knows(name)]
        if len(unknown) == len(named):
            raise InputError(
                "none of the file's columns is known, so its first row may be no header. The file "
                "needs a header, and cells divided by a comma, semicolon, tab or vertical bar; a "
                "mapping file can say which of its columns are which. Known columns: "
                f"{', '.join(COLUMNS)}."
            )
        if unknown:
            raise InputError(
                f"columns that are not known: {_listed(unknown)}. What is not needed is not read: "
                "in a mapping file, name each under [columns] as one of the known columns, or list "
                f"it under 'ignore'. Known columns: {', '.join(COLUMNS)}."
            )
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise InputError(
                f"columns that stand twice in the header: {_listed(twice)}. Rename one of the two."
            )
        self._require_columns(frozenset(named))
        return tuple(name for name in named if name not in self.ignore)

    def assigned(self, loaded: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Give, for each column of the record model that the file has, the columns it is made of.

        Args:
            loaded: The file's columns that were loaded.
        """
        present = {
            column: tuple(name for name in self._sources(column) if name in loaded)
            for column in COLUMNS
        }
        return {column: sources for column, sources in present.items() if sources}

    def _sources(self, column: str) -> tuple[str, ...]:
        return self.columns.get(column, (column,))

    def _require_columns(self, named: frozenset[str]) -> None:
        present = self.assigned(sorted(named - self.ignore))
        if "record_id" not in present:
            raise InputError(
                "the file has no column for record_id, the identifier of each record; name it in "
                "a mapping file."
            )
        if not any(name in present for name in NAME_COLUMNS):
            raise InputError(
                f"the file has no column for any part of a name ({', '.join(NAME_COLUMNS)}); name "
                "one in a mapping file."
            )


def _names(path: Path, key: str, value: object) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if isinstance(names, list) and all(isinstance(name, str) and name for name in names):
        return tuple(name.strip() for name in names)
    raise InputError(f"{path}: '{key}' must be a column name, or a list of column names.")


def _is_text_encoding(name: str) -> bool:
    try:
        b"a".decode(name, "ignore")
    except (LookupError, ValueError):  # base64 and the like are codecs, but not of text
        return False
    return True


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
