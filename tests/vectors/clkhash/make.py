"""Makes `vectors.json` anew with clkhash 0.18.3, in an environment of its own.

Run by an interpreter that has clkhash 0.18.3 and nothing of kinmatch:
`python tests/vectors/clkhash/make.py > tests/vectors/clkhash/vectors.json`. With a file of cases as
its argument, it gives the filters of those instead. All people in it are made up.
"""

import itertools
import json
import sys
from typing import Any

NAMES = [
    "Amina Haddad",
    "محمد الخطيب",
    "Олена",
    "",
    "aaa",
    "X",
    "N/A",
    "Zoë  O'Brien",
    "李",
    "a\u0301",
]
NUMBERS = ["0", "7", "-12", "123456789012345678901", "+5", " 42 ", "N/A", "007", "99", "100"]
DECIMALS = ["0", "7.25", "-12.5", "1e3", "3.14159", "2.5", "N/A", "-0.0", "99.99", "100"]
DATES = ["1998-02-05", "2000-02-29", "1998-1-5", "N/A", "2024-12-31"]
KDF = {"type": "HKDF", "hash": "SHA256", "salt": "c2FsdA==", "info": "aW5mbw==", "keySize": 64}
MISSING = {"sentinel": "N/A", "replaceWith": "unknown"}
NUMERIC = {"type": "numeric", "thresholdDistance": 4, "resolution": 3}
COMPARISONS: list[tuple[dict[str, Any], list[str]]] = [
    ({"type": "ngram", "n": 1}, NAMES),
    ({"type": "ngram", "n": 2}, NAMES),
    ({"type": "ngram", "n": 3, "positional": True}, NAMES),
    ({"type": "exact"}, NAMES),
    (NUMERIC, [n for n in NUMBERS if n != "N/A"]),
    ({**NUMERIC, "thresholdDistance": 0.75, "fractional_precision": 2}, DECIMALS),
]
STRATEGIES = [{"bitsPerToken": 15}, {"bitsPerToken": 70}, {"bitsPerFeature": 200}]
HASHES = [
    {"type": "blakeHash"},
    {"type": "doubleHash"},
    {"type": "doubleHash", "prevent_singularity": True},
]


def feature(comparison: Any, strategy: Any, hashing: Any, missing: Any, form: Any) -> Any:
    """Give one feature of version 3."""
    config = {"comparison": comparison, "strategy": strategy, "hash": hashing}
    if missing:
        config["missingValue"] = missing
    return {"identifier": "f", "format": form, "hashing": config}


def schema(*features: Any, **config: Any) -> Any:
    """Give a schema of version 3."""
    return {"version": 3, "clkConfig": {"l": 256, "kdf": KDF, **config}, "features": list(features)}


def cases() -> list[Any]:
    """Give every combination, and what the combinations leave out."""
    text = {"type": "string"}
    made = []
    for (comparison, words), strategy, hashing, replaced in itertools.product(
        COMPARISONS, STRATEGIES, HASHES, [None, "N/A", "unknown"]
    ):
        numeric = comparison["type"] == "numeric"
        number = {"sentinel": "N/A", "replaceWith": "17" if numeric else replaced}
        one = feature(comparison, strategy, hashing, replaced and number, text)
        rows = [[word] for word in words if replaced or not numeric or word != "N/A"]
        made.append({"schema": schema(one), "rows": rows})
    grams, many = {"type": "ngram", "n": 2}, {"bitsPerFeature": 100}
    rows = [["Amina", "skip", d, n, "f"] for d, n in zip(DATES, NUMBERS[-5:], strict=True)]
    rows = [[a, s, d, n if n != "N/A" else "1", x] for a, s, d, n, x in rows]
    for hashing, folds, bits in itertools.product(HASHES, (0, 1, 3), (128, 1024)):
        fields = [
            feature(grams, many, hashing, None, {"type": "string", "encoding": "utf-16"}),
            {"identifier": "skip", "ignored": True},
            feature(grams, many, hashing, MISSING, {"type": "date", "format": "%Y-%m-%d"}),
            feature(grams, {"bitsPerToken": 9}, hashing, None, {"type": "integer"}),
            feature({"type": "exact"}, many, hashing, None, {"type": "enum", "values": ["f", "m"]}),
        ]
        config = {"l": bits, "kdf": {**KDF, "hash": "SHA512", "keySize": 32}, "xor_folds": folds}
        made.append({"schema": schema(*fields, **config), "rows": rows})
    double = feature(grams, many, HASHES[1], None, text)
    made += [
        {"schema": schema(double, l=bits, kdf={"type": "HKDF"}), "rows": [[n] for n in NAMES]}
        for bits in (1, 2, 7, 1000, 1003)
    ]
    singular = feature(grams, many, HASHES[2], None, text)
    made += [{"schema": schema(singular, l=3), "rows": [[n] for n in NAMES]}]
    return made + older()


def older() -> list[Any]:
    """Give schemas of versions 1 and 2."""
    text = {"type": "string", "encoding": "utf-8"}
    rows = [[name, "7", name] for name in NAMES]
    made = []
    for hashing in HASHES:
        features = [
            {"identifier": "a", "format": text, "hashing": {"ngram": 2, "weight": 0.725}},
            {"identifier": "b", "format": text, "hashing": {"ngram": 1, "weight": 0}},
            {
                "identifier": "c",
                "format": text,
                "hashing": {"ngram": 2, "positional": True, "missingValue": MISSING},
            },
        ]
        config = {"l": 512, "k": 20, "kdf": KDF, "hash": hashing, "xor_folds": 1}
        made.append(
            {"schema": {"version": 1, "clkConfig": config, "features": features}, "rows": rows}
        )
        features = [
            {
                "identifier": "a",
                "format": text,
                "hashing": {"ngram": 2, "strategy": {"k": 11}, "hash": hashing},
            },
            {"identifier": "b", "ignored": True},
            {
                "identifier": "c",
                "format": text,
                "hashing": {"ngram": 3, "strategy": {"numBits": 150}, "missingValue": MISSING},
            },
        ]
        config = {"l": 512, "kdf": {"type": "HKDF"}}
        made.append(
            {"schema": {"version": 2, "clkConfig": config, "features": features}, "rows": rows}
        )
    return made


def main() -> None:
    """Print cases with their filters."""
    # Here, so that the cases can be looked at where clkhash is not installed.
    from clkhash.clk import generate_clks  # noqa: PLC0415
    from clkhash.schema import from_json_dict  # noqa: PLC0415

    asked = json.load(sys.stdin) if sys.argv[1:] == ["-"] else cases()
    for case in asked:
        made = generate_clks(case["rows"], from_json_dict(case["schema"]), "secret", max_workers=1)
        case["clks"] = [clk.tobytes().hex() for clk in made]
    origin = "clkhash 0.18.3, secret 'secret' in UTF-8; filters as bitarray.tobytes gives them"
    json.dump({"origin": origin, "cases": asked}, sys.stdout, ensure_ascii=True, indent=None)


if __name__ == "__main__":
    main()
