"""Writes the client's operations and models from the service's own schema: `make client`.

The service is the one place that says what it takes and gives; what the society's side knows of
it is generated, and a test fails where the two have come apart.
"""

import keyword
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from matcher.service.app import make_app
from matcher.settings import Settings

TARGET = Path(__file__).parents[2] / "encoders" / "client" / "generated.py"

Schema = dict[str, Any]

TAGS = ("batches", "candidates", "refinements", "notices", "sharing")
"""The operations that a society's command line uses."""

_WIDTH = 100
_HEAD = '''"""What the service takes and gives; from its schema by `make client`; never edited."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal, Protocol, TypeVar
from urllib.parse import quote
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from matcher.formats.errors import ServiceError


class Transport(Protocol):
    """What sends requests; it raises where the answer is a refusal."""

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        media_type: str | None = None,
    ) -> bytes:
        """Send a request and give the content of its answer."""


class _Model(BaseModel):
    # What a newer service says beside is left out.
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


_M = TypeVar("_M", bound=_Model)


def _in_path(value: object) -> str:
    return quote(str(value), safe="")


def _read(model: type[_M], content: bytes) -> _M:
    try:
        return model.model_validate_json(content)
    except ValidationError:
        raise ServiceError(
            "unexpected",
            "The answer is not what this release of kinmatch knows. See that the address is the "
            "service's, and install the release that the linkage unit has.",
        ) from None
'''

_PLAIN = {"integer": "int", "number": "float", "boolean": "bool", "null": "None", "string": "str"}
_FORMATS = {"uuid": "UUID", "date": "date", "date-time": "datetime"}


def service_schema() -> Schema:
    """Give the schema that the service publishes; neither a store nor settings are in it."""
    app = make_app(SimpleNamespace(folder=Path()), Settings.model_construct())  # type: ignore[arg-type]  # unused
    return app.openapi()


def generated(schema: Schema) -> str:
    """Write the module for a schema, as ruff formats it."""
    operations = list(_operations(schema))
    models = schema["components"]["schemas"]
    wanted = _in_order(models, [name for one in operations for name in one.names])
    parts = [_HEAD, *(_model(name, models[name]) for name in wanted), _class(operations)]
    return _formatted("\n\n".join(parts))


def _formatted(source: str) -> str:
    root = TARGET.parents[2]
    for words in (["check", "--fix-only", "--quiet"], ["format"], ["check", "--quiet"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, f"--stdin-filename={TARGET}", "-"],
            input=source,
            capture_output=True,
            text=True,
            cwd=root,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        source = done.stdout or source
    return source


def _in_order(models: Schema, roots: list[str]) -> list[str]:
    """Give models and what they are made of, each after what it needs."""
    found: list[str] = []

    def visit(name: str) -> None:
        if name not in found:
            for inner in _references(models[name]):
                visit(inner)
            found.append(name)

    for name in sorted(set(roots)):
        visit(name)
    return found


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield str(value).rsplit("/", 1)[1]
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    if "anyOf" in schema:
        return " | ".join(_type(one) for one in schema["anyOf"])
    if schema["type"] == "array":
        return f"list[{_type(schema['items'])}]"
    if schema["type"] == "object":
        inner = schema.get("additionalProperties")
        return f"dict[str, {_type(inner) if inner else 'object'}]"
    return _FORMATS.get(schema.get("format", ""), _PLAIN[schema["type"]])


def _model(name: str, schema: Schema) -> str:
    required = schema.get("required", [])
    lines = [f"class {name}(_Model):", f'    """{schema["description"]}"""', ""]
    for field, about in schema.get("properties", {}).items():
        called = f"{field}_" if keyword.iskeyword(field) else field
        given = [] if field in required else [f"default={about.get('default')!r}"]
        given += [f"alias={field!r}"] if called != field else []
        ending = f" = Field({', '.join(given)})" if given else ""
        lines.append(f"    {called}: {_type(about)}{ending}")
    return "\n".join(lines)


def _operations(schema: Schema) -> Iterator[SimpleNamespace]:
    for path, methods in schema["paths"].items():
        for method, about in methods.items():
            if set(about.get("tags", ())) & set(TAGS):
                yield _operation(path, method.upper(), about)


def _operation(path: str, method: str, about: Schema) -> SimpleNamespace:
    body = about.get("requestBody", {}).get("content", {})
    good = next(found for code, found in sorted(about["responses"].items()) if code[0] == "2")
    answer = good.get("content", {})
    takes = _type(body["application/json"]["schema"]) if "application/json" in body else None
    gives = _type(answer["application/json"]["schema"]) if "application/json" in answer else None
    return SimpleNamespace(
        name=about["operationId"], path=path, method=method, summary=about["description"],
        parameters=about.get("parameters", []), takes=takes, gives=gives,
        octets_in=next((one for one in body if one != "application/json"), None),
        octets_out=bool(answer) and gives is None,
        names=[name for name in (takes, gives) if name],
    )  # fmt: skip


def _class(operations: list[SimpleNamespace]) -> str:
    head = '''class Operations:
    """Every operation of the service, by the name that its schema has for it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
'''
    return "\n".join([head, *(_method(one) for one in operations)])


def _method(one: SimpleNamespace) -> str:
    arguments, query, headers, path = [], [], [], one.path
    for each in sorted(one.parameters, key=lambda each: not each["required"]):
        kind, name = _type(each["schema"]), each["name"].replace("-", "_")
        keywords_begin = "*" if each["in"] != "path" and "*" not in arguments else None
        arguments += [keywords_begin] if keywords_begin else []
        optional = kind if kind.endswith("None") else f"{kind} | None"
        arguments.append(f"{name}: {kind}" if each["required"] else f"{name}: {optional} = None")
        if each["in"] == "query":
            query.append(f"{each['name']!r}: {name}")
        elif each["in"] == "header":
            headers.append(f"{each['name']!r}: {name}")
    taken = f"body: {one.takes}" if one.takes else "content: bytes" if one.octets_in else None
    if taken:
        at = arguments.index("*") if "*" in arguments else len(arguments)
        arguments.insert(at, taken)
    sent = [repr(one.method), _path(path)]
    sent += [f"query={{{', '.join(query)}}}"] if query else []
    sent += [f"headers={{{', '.join(headers)}}}"] if headers else []
    if one.takes:
        sent += ["content=body.model_dump_json(by_alias=True).encode()"]
        sent += ["media_type='application/json'"]
    elif one.octets_in:
        sent += ["content=content", f"media_type={one.octets_in!r}"]
    call = f"self._transport.send({', '.join(sent)})"
    gives = one.gives or ("bytes" if one.octets_out else "None")
    done = f"return _read({one.gives}, {call})" if one.gives else call
    done = f"return {call}" if one.octets_out else done
    return f'''
    def {one.name}({", ".join(["self", *arguments])}) -> {gives}:
        """{_summary(one.summary)}"""
        {done}
'''


def _path(path: str) -> str:
    """Write a path with its parameters, each quoted, as an expression."""
    return f"f{path.replace('{', '{_in_path(').replace('}', ')}')!r}" if "{" in path else repr(path)


def _summary(text: str) -> str:
    """Give a description's first paragraph, or its first clause where that is too long."""
    first = " ".join(text.partition("\n\n")[0].split())
    if len(first) + len('        """"""') <= _WIDTH:
        return first
    return re.split("[;:]", first, maxsplit=1)[0] + "."


def main() -> None:
    """Write the module."""
    TARGET.write_text(generated(service_schema()), encoding="utf-8")


if __name__ == "__main__":
    main()
