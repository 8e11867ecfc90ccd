"""JSON lines: one object a line."""

import json
from pathlib import Path

from encoders.readers.mapping import Mapping
from encoders.readers.source import WHOLE_ROW, Gatherer, Source, Troubles
from encoders.readers.text import find_encoding
from matcher.formats.errors import InputError


def read_json_lines(path: Path, mapping: Mapping) -> Source:
    """Read a file of one JSON object a line; a key that a line lacks is absent there.

    Rows are numbered as lines, from 1.

    Args:
        path: The file.
        mapping: Which keys to load.

    Raises:
        InputError: No line is a JSON object, the encoding can't be told, or the keys do not fit
            the mapping.
    """
    encoding = find_encoding(path, mapping.encoding)
    names = mapping.loadable
    troubles = Troubles()
    gatherer = Gatherer(names, troubles)
    seen: dict[str, None] = {}
    with path.open(encoding=encoding.name) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            person = _object(line)
            if person is None:
                troubles.add("row_not_read", WHOLE_ROW, number)
                continue
            seen.update(dict.fromkeys(person))
            gatherer.add(number, tuple(person.get(name) for name in names))
    if not seen:
        raise InputError(
            "no line is a JSON object; write each record as one object on a line of its "
            "own, without a list around them."
        )
    wanted = mapping.wanted(list(seen))
    columns, numbers = gatherer.finish()
    return Source(
        {name: columns[name] for name in wanted},
        numbers,
        troubles,
        f"JSON lines in {encoding.name}",
        encoding.guessed,
    )


def _object(line: str) -> dict[str, object] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):  # their messages would show the line
        return None
    return value if isinstance(value, dict) else None
