"""Primero's exports of tracing requests and cases, JSON and CSV, by its own field names.

A tracing request becomes an enquirer (`relation_name` and its siblings) and a sought person for
each trace; a case becomes a registered person. JSON holds traces in a subform; a CSV row holds the
inquirer and, where the export has them, the fields of one trace.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from encoders.readers.mapping import Mapping as ColumnMapping
from encoders.readers.source import WHOLE_ROW, Gatherer, Source, Troubles
from encoders.readers.text import find_encoding
from encoders.records import COLUMNS
from matcher.formats.errors import InputError

Fields = Mapping[str, object]
Person = dict[str, object]

TRACES = "tracing_request_subform_section"
_FAMILY = "family_details_section"
_IDENTIFIERS = ("tracing_request_id", "case_id", "case_id_display", "short_id", "id")
_MARKS_OF_A_CASE = frozenset({"case_id_display", "name_first", "name_nickname", "name_other"})

_PARENTS = dict.fromkeys(("mother", "father", "parent"), ("son", "daughter", "child"))
_GRANDPARENTS = dict.fromkeys(
    ("grandmother", "grandfather", "grandparent"), ("grandson", "granddaughter", "grandchild")
)
_SIBLINGS = dict.fromkeys(("sister", "brother", "sibling"), ("brother", "sister", "sibling"))
_SPOUSES = dict.fromkeys(("wife", "husband", "spouse", "partner"), ("husband", "wife", "spouse"))
_CHILDREN = dict.fromkeys(("daughter", "son", "child"), ("father", "mother", "parent"))
_INVERSE = {
    **(_PARENTS | _GRANDPARENTS | _SIBLINGS | _SPOUSES | _CHILDREN),
    **dict.fromkeys(("aunt", "uncle"), ("nephew", "niece", "other")),
    **dict.fromkeys(("niece", "nephew"), ("uncle", "aunt", "other")),
    "cousin": ("cousin",) * 3,
    **dict.fromkeys(("other", "other_family", "other_nonfamily"), ("other",) * 3),
}
"""What a man, a woman or someone whose sex is not known is to someone who is this to them."""


def is_primero(header: Sequence[str]) -> bool:
    """Tell whether a file's columns are those of a tracing request or a case of Primero's."""
    names = frozenset(header)
    return "relation_name" in names or ("name" in names and bool(names & _MARKS_OF_A_CASE))


def read_primero(path: Path, mapping: ColumnMapping) -> Source:
    """Read a JSON export: a list of records, or an answer of the API that holds one as `data`.

    Records are numbered from 1; an enquirer and the persons sought bear their request's number.

    Args:
        path: The file.
        mapping: Its encoding; the fields are known.

    Raises:
        InputError: The file is no JSON, or holds no record of Primero's.
    """
    encoding = find_encoding(path, mapping.encoding)
    try:
        content = json.loads(path.read_text(encoding.name))
    except (ValueError, RecursionError):  # its message would show the text
        raise InputError(
            "the file is not valid JSON. Export it again; records of one object a line belong in "
            "a file whose name ends in .jsonl."
        ) from None
    if isinstance(content, dict):
        content = content.get("data", [content])
    entries = content if isinstance(content, list) else []
    troubles = Troubles()
    gatherer = Gatherer(COLUMNS, troubles)
    known = 0
    for number, entry in enumerate(entries, start=1):
        fields = _fields(entry)
        if fields is None:
            troubles.add("row_not_read", WHOLE_ROW, number)
            continue
        known += is_primero(list(fields)) or TRACES in fields
        _gather(fields, number, gatherer)
    if not known:
        raise InputError(
            "no tracing request or case of Primero's was found in the file. Records of one object "
            "a line belong in a file whose name ends in .jsonl."
        )
    columns, numbers = gatherer.finish()
    return Source(
        columns, numbers, troubles, f"Primero's JSON in {encoding.name}", encoding.guessed
    )


def people_in(source: Source) -> Source:
    """Turn rows of a CSV export into people; a row's people bear its number."""
    gatherer = Gatherer(COLUMNS, source.troubles)
    names = list(source.columns)
    rows = zip(*(column.to_pylist() for column in source.columns.values()), strict=True)
    for number, row in zip(source.rows.tolist(), rows, strict=True):
        _gather(dict(zip(names, row, strict=True)), number, gatherer)
    columns, numbers = gatherer.finish()
    read_as = f"Primero's export as {source.read_as}"
    return Source(columns, numbers, source.troubles, read_as, source.doubtful)


def _fields(entry: object) -> Fields | None:
    """Give a record's fields, which newer exports hold under `data`; None if it can't be read.

    Nor can a record of which a person sought or one of the family is no object: nobody is to be
    left out of a request unseen.
    """
    if not isinstance(entry, dict):
        return None
    data = entry.get("data")
    fields = {**entry, **data} if isinstance(data, dict) else entry
    return fields if all(_are_forms(fields.get(name)) for name in (TRACES, _FAMILY)) else None


def _are_forms(forms: object) -> bool:
    """Whether a field holds subforms, or nothing."""
    return not forms or (isinstance(forms, list) and all(isinstance(one, dict) for one in forms))


def _gather(fields: Fields, number: int, gatherer: Gatherer) -> None:
    for person in _people(fields):
        gatherer.add(number, tuple(person.get(name) for name in gatherer.names))


def _people(fields: Fields) -> Iterator[Person]:
    identifier = _first(fields, *_IDENTIFIERS)
    traces = _subforms(fields, TRACES)
    if "relation_name" not in fields and TRACES not in fields:
        yield _registered(fields, identifier)
        return
    if _first(fields, "relation_name", "relation_nickname"):
        yield _enquirer(fields, identifier)
    if not traces and _first(fields, "name", "name_nickname", "name_other"):
        traces = [{**fields, "unique_id": None}]
    for place, trace in enumerate(traces, start=1):
        yield _sought(fields, trace, identifier, place)


def _enquirer(fields: Fields, identifier: object) -> Person:
    return {
        "record_id": identifier,
        "case_id": identifier,
        "role": "enquirer",
        "given_name": fields.get("relation_name"),
        "other_names": _joined(fields, "relation_nickname", "relation_other_name"),
        "sex": fields.get("relation_sex"),
        "birth_date": fields.get("relation_date_of_birth"),
        "age": fields.get("relation_age"),
        "age_on": fields.get("inquiry_date"),
        "nationality": _joined(fields, "relation_nationality"),
        "residence": _joined(fields, "relation_address_current", "relation_location_current"),
        "language": _joined(fields, "relation_language"),
    }


def _sought(fields: Fields, trace: Fields, identifier: object, place: int) -> Person:
    own = _first(trace, "unique_id", "id") if trace.get("unique_id") else None
    return {
        "record_id": own or (f"{identifier}/{place}" if identifier else None),
        "case_id": identifier,
        "role": "sought",
        "relation": _inverse(trace.get("relation"), trace.get("sex")),
        "age_on": fields.get("inquiry_date"),
        **_named(trace),
        **(_separated(trace) or _separated(fields)),
    }


def _registered(fields: Fields, identifier: object) -> Person:
    kin = {
        str(member.get("relation")).casefold(): member.get("relation_name")
        for member in _subforms(fields, _FAMILY)
    }
    return {
        "record_id": identifier,
        "case_id": identifier,
        "role": "registered",
        "age_on": _first(fields, "registration_date", "identification_date"),
        "father_name": kin.get("father"),
        "mother_name": kin.get("mother"),
        "birth_place": _joined(fields, "address_birth", "location_birth", "country_of_birth"),
        "residence": _joined(fields, "address_current", "location_current"),
        "nationality": _joined(fields, "nationality") or _joined(fields, "country_of_origin"),
        "language": _joined(fields, "language"),
        **_named(fields),
        **_separated(fields),
    }


def _named(fields: Fields) -> Person:
    """The fields that traces and cases share; parts of a name count before the whole name."""
    parted = bool(_first(fields, "name_first", "name_last"))
    return {
        "given_name": _spaced(fields, "name_first", "name_middle")
        if parted
        else fields.get("name"),
        "family_name": fields.get("name_last"),
        "other_names": _joined(fields, "name_nickname", "name_other"),
        "sex": fields.get("sex"),
        "birth_date": fields.get("date_of_birth"),
        "age": fields.get("age"),
    }


def _separated(fields: Fields) -> Person:
    """When and where the family lost sight of the person; empty where it is not told."""
    place = _joined(fields, "address_last", "landmark_last", "location_last") or _joined(
        fields, "address_separation", "location_separation"
    )
    date = _first(fields, "date_of_separation", "separation_date")
    return {"last_seen_date": date, "last_seen_place": place} if date or place else {}


def _inverse(relation: object, sex: object) -> object:
    """What the sought person is to the inquirer; Primero has what the inquirer is to them."""
    if not isinstance(relation, str):
        return relation
    inverse = _INVERSE.get("_".join(relation.casefold().split()))
    if inverse is None:
        return relation  # for the check to report
    return inverse[{"m": 0, "f": 1}.get(str(sex).casefold()[:1], 2)]


def _subforms(fields: Fields, name: str) -> list[Fields]:
    forms = fields.get(name)  # the text of a cell, in an export as CSV
    return forms if isinstance(forms, list) else []


def _first(fields: Fields, *names: str) -> object:
    return next((fields[name] for name in names if fields.get(name) not in (None, "")), None)


def _joined(fields: Fields, *names: str) -> object:
    """Join texts and lists of texts by commas, levels of a location too."""
    found: list[str] = []
    for name in names:
        value = fields.get(name)
        values = value if isinstance(value, list) else [value]
        found += [text.replace("::", ", ") for text in values if isinstance(text, str) and text]
    return ", ".join(found) or None


def _spaced(fields: Fields, *names: str) -> object:
    return " ".join(str(fields[name]) for name in names if fields.get(name)) or None
