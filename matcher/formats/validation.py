"""What pydantic finds wrong with a file, put in our words."""

import re
from collections.abc import Collection, Mapping

from pydantic import ValidationError


def problems_of(
    error: ValidationError, must_be: Mapping[str, str], *, deep: Collection[str]
) -> list[str]:
    """Give one sentence for each field at fault; none holds what the field held.

    Args:
        error: What pydantic found.
        must_be: What a field must be, said for whatever rule of it was broken.
        deep: Fields of which the part at fault is named too.
    """
    found: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False):
        field, *inner = problem["loc"] or ("",)
        if problem["type"] == "missing" and not inner:
            rule = "is missing"
        elif problem["type"] == "extra_forbidden" and not inner:
            rule = "is not a field of this version; remove it"
        else:
            rule = must_be.get(str(field)) or _plain(str(problem["msg"]))
        name = ".".join(map(str, problem["loc"])) if field in deep else str(field)
        found.setdefault(name, f"'{name}' {rule}" if name else rule)
    return list(found.values())


def _plain(message: str) -> str:
    """Strip pydantic's own lead-in from a message, so that it reads on after a field's name."""
    if message.startswith("Value error, "):
        return message.removeprefix("Value error, ")
    return re.sub(r"^Input should", "should", message)
