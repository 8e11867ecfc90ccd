"""What a check found, for a person and for a program; it never holds a value of a record."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from encoders.records import Records
from encoders.rules import Finding, Severity
from matcher.formats.errors import InputError

_SHOWN_ROWS = 6
_STYLES = {Severity.LEFT_OUT: "bold red", Severity.NOT_USED: "yellow", Severity.NOTED: "cyan"}


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """What a check found in one file.

    Attributes:
        usable: The records that can be encoded, in the file's order, holding only values that are
            used: what is not used is null, and role, relation and sex are codes.
        usable_rows: Their row numbers, int64, shape (n,).
        rows_in_file: How many rows held anything.
        findings: Every rule that is broken in any field, gravest first.
        completeness: For each column, how many usable records have a value that is used.
        scripts: For each name column that is filled, how many usable records are in each script.
        read_as: How the file was read, in words.
        encoding_guessed: Whether the text encoding is a guess that a person should look at.
    """

    usable: Records
    usable_rows: np.ndarray[Any, np.dtype[np.int64]]
    rows_in_file: int
    findings: tuple[Finding, ...]
    completeness: dict[str, int]
    scripts: dict[str, dict[str, int]]
    read_as: str
    encoding_guessed: bool

    @property
    def left_out(self) -> int:
        """How many rows can't be encoded."""
        return self.rows_in_file - len(self.usable)

    def require_usable(self) -> Records:
        """Give the usable records.

        Raises:
            InputError: There are none; the message names the rules that left all rows out.
        """
        if len(self.usable) > 0:
            return self.usable
        counts: Counter[str] = Counter()
        for finding in self.findings:
            if finding.rule.severity is Severity.LEFT_OUT:
                counts[finding.rule.name] += len(finding.rows)
        reasons = ", ".join(f"{rule} in {count:,} rows" for rule, count in counts.items())
        raise InputError(f"No row of the file can be used: {reasons}. kinmatch check says more.")

    def as_dict(self) -> dict[str, Any]:
        """Give the report as data for JSON, with every row number."""
        return {
            "format": "kinmatch-check/1",
            "read_as": self.read_as,
            "encoding_guessed": self.encoding_guessed,
            "rows": self.rows_in_file,
            "usable": len(self.usable),
            "left_out": self.left_out,
            "findings": [
                {
                    "rule": finding.rule.name,
                    "severity": str(finding.rule.severity),
                    "field": finding.field,
                    "meaning": finding.rule.meaning,
                    "remedy": finding.rule.remedy,
                    "rows": finding.rows.tolist(),
                }
                for finding in self.findings
            ],
            "completeness": self.completeness,
            "scripts": self.scripts,
        }

    def __rich__(self) -> Group:
        return Group(*self._parts())

    def _parts(self) -> Iterator[Table | Text]:
        yield Text(
            f"{self.rows_in_file:,} rows, read as {self.read_as}: {len(self.usable):,} can be "
            f"used, {self.left_out:,} are left out."
        )
        if self.encoding_guessed:
            yield Text(
                "The text encoding is a guess: see that the scripts below are the right ones, or "
                "name the encoding in a mapping file.",
                style="yellow",
            )
        yield self._findings_table() if self.findings else Text("No problems were found.")
        yield self._completeness_table()

    def _findings_table(self) -> Table:
        table = Table("", "rule", "field", "rows", "which rows", "what to do")
        for finding in self.findings:
            rule = finding.rule
            table.add_row(
                Text(rule.severity, style=_STYLES[rule.severity]),
                rule.name,
                finding.field,
                f"{len(finding.rows):,}",
                _some_rows(finding.rows),
                f"{rule.meaning} {rule.remedy}",
            )
        return table

    def _completeness_table(self) -> Table:
        table = Table("field", "filled", "share", "scripts")
        for field, filled in self.completeness.items():
            if filled:
                scripts = self.scripts.get(field, {})
                table.add_row(
                    field,
                    f"{filled:,}",
                    f"{filled / len(self.usable):.1%}",
                    ", ".join(f"{script} {count:,}" for script, count in scripts.items()),
                )
        return table


def _some_rows(rows: np.ndarray[Any, np.dtype[np.int64]]) -> str:
    shown = ", ".join(str(row) for row in islice(rows, _SHOWN_ROWS))
    more = len(rows) - _SHOWN_ROWS
    return f"{shown} and {more:,} more" if more > 0 else shown
