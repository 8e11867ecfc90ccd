"""PFIF, the People Finder Interchange Format, versions 1.1 to 1.4, as XML.

A person's home is the residence, an age is of the day the source is of, and the last place that a
note knows is where the person was last seen. What a note says of a person's status decides the
role: someone believed missing is sought, someone who has been found is registered.

Document types and entities are refused unread, so that a file can neither grow without end nor
reach for another file or host.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from encoders.readers.mapping import Mapping
from encoders.readers.source import Gatherer, Source, Troubles
from encoders.records import COLUMNS
from matcher.formats.errors import InputError

NAMESPACES = {
    f"http://zesty.ca/pfif/{version}": version for version in ("1.1", "1.2", "1.3", "1.4")
}

_LONGEST = 100_000
"""The most characters that a field may hold; notes tell stories, and no more is kept of one."""

_HOME = (
    *("home_street", "home_neighborhood", "home_city", "home_state"),
    *("home_postal_code", "home_zip", "home_country"),
)
_ROLES = {
    "information_sought": "sought",
    "believed_missing": "sought",
    "believed_alive": "registered",
    "believed_dead": "registered",
    "is_note_author": "registered",
}


def read_pfif(path: Path, mapping: Mapping) -> Source:
    """Read the persons of a PFIF document; they are numbered from 1.

    Args:
        path: The file.
        mapping: Which of the record model's columns to load.

    Raises:
        InputError: The file is no well-formed PFIF, declares a document type, or has no person.
    """
    document = _Document()
    try:
        with path.open("rb") as file:
            document.parser.ParseFile(file)
    except (expat.ExpatError, LookupError, ValueError):  # not well-formed, or an encoding unknown
        raise InputError(
            f"the file is not well-formed XML: see line {document.parser.ErrorLineNumber}, or "
            "export it again."
        ) from None
    if not document.persons:
        raise InputError("the file holds no person of PFIF 1.1 to 1.4.")
    names = mapping.wanted(COLUMNS)
    gatherer = Gatherer(names, Troubles())
    for number, person in enumerate(document.persons, start=1):
        cells = _cells(person, document.notes[person.get("person_record_id", "")])
        gatherer.add(number, tuple(cells.get(name) for name in names))
    columns, numbers = gatherer.finish()
    return Source(columns, numbers, Troubles(), f"PFIF {document.version}")


Fields = dict[str, str]


@dataclass
class _Document:
    """What was read of a document so far.

    Attributes:
        persons: The fields of each person.
        notes: The fields of the notes on each person, by the person's identifier.
        version: The version of PFIF.
    """

    persons: list[Fields] = field(default_factory=list)
    notes: dict[str, list[Fields]] = field(default_factory=lambda: defaultdict(list))
    version: str = ""

    def __post_init__(self) -> None:
        self._open: list[str] = []
        self._holders: list[Fields] = []
        self._text: list[str] = []
        self._length = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _refuse(self, *_: object) -> NoReturn:
        raise InputError(
            "the file declares a document type or entities, which PFIF has no use for. Export it "
            "again without them."
        )

    def _start(self, name: str, _: object) -> None:
        namespace, _, local = name.rpartition(" ")
        if not self._open:
            self.version = NAMESPACES.get(namespace, "")
            if not self.version or local != "pfif":
                raise InputError("the file is not PFIF 1.1 to 1.4.")
        if len(self._open) >= len(("pfif", "person", "note", "field")):
            raise InputError("the file nests elements more deeply than PFIF does.")
        self._open.append(local)
        self._text.clear()
        self._length = 0
        if local in ("person", "note"):
            self._holders.append({})

    def _characters(self, text: str) -> None:
        self._length += len(text)
        if self._length > _LONGEST:
            raise InputError(f"a field of the file is longer than {_LONGEST:,} characters.")
        self._text.append(text)

    def _end(self, _: str) -> None:
        local = self._open.pop()
        if local == "person":
            self.persons.append(self._holders.pop())
        elif local == "note":
            note = self._holders.pop()
            if self._holders:  # a note within a person is on that person, whatever it says
                note["person_record_id"] = self._holders[-1].get("person_record_id", "")
            self.notes[note.get("person_record_id", "")].append(note)
        elif self._holders:
            self._holders[-1].setdefault(local, "".join(self._text).strip())
        self._text.clear()


def _cells(person: Fields, notes: list[Fields]) -> dict[str, str | None]:
    newest_first = sorted(notes, key=lambda note: note.get("source_date", ""), reverse=True)
    given = person.get("given_name") or person.get("first_name")
    family = person.get("family_name") or person.get("last_name")
    places = (note.get("last_known_location", "") for note in newest_first)
    statuses = (_ROLES.get(note.get("status", "")) for note in newest_first)
    return {
        "record_id": person.get("person_record_id"),
        "role": next(filter(None, statuses), None),
        "given_name": given,
        "family_name": family,
        "other_names": _other_names(person, given, family),
        "sex": person.get("sex"),
        "birth_date": person.get("date_of_birth"),
        "age": person.get("age"),
        "age_on": person.get("source_date", "")[:10] if person.get("age") else None,
        "residence": ", ".join(filter(None, (person.get(name) for name in _HOME))),
        "last_seen_place": next((place for place in places if any(map(str.isalpha, place))), None),
    }


def _other_names(person: Fields, given: str | None, family: str | None) -> str:
    """Alternate names, and the full name where it says more than given and family name do."""
    full = person.get("full_name", "")
    known = f"{given or ''} {family or ''}".split()
    names = person.get("alternate_names", "").splitlines()
    if any(word not in known for word in full.split()):
        names = [*full.splitlines(), *names]
    return ", ".join(name.strip() for name in names if name.strip())
