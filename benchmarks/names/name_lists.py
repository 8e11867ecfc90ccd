"""Faker's lists of names as JSON; run by the measuring tools' own Python.

By locale and kind (`given`, `family`) a list of `[name, weight]`, the weight null where the list
has none.
"""

import importlib
import json
import pkgutil
import sys

import faker.providers.person as persons  # type: ignore[import-not-found]  # a tool, not installed with us

_KINDS = {
    "given": ("first_names_male", "first_names_female", "first_names"),
    "family": ("last_names", "last_names_male", "last_names_female"),
}


def _lists(provider: type, attributes: tuple[str, ...]) -> list[list[list[object]]]:
    found = []
    for attribute in attributes:
        names = getattr(provider, attribute, ())
        if isinstance(names, dict):
            found.append([[name, float(weight)] for name, weight in names.items()])
        elif isinstance(names, (list, tuple)):
            found.append([[name, None] for name in names])
    return found


_all = {
    module.name: {
        kind: _lists(
            importlib.import_module(f"{persons.__name__}.{module.name}").Provider, attributes
        )
        for kind, attributes in _KINDS.items()
    }
    for module in pkgutil.iter_modules(persons.__path__)
    if module.ispkg
}
json.dump(_all, sys.stdout)
