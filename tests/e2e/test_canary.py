"""The canary: strings planted in every field are found in nothing that leaves or is said.

Looked for as they stand, and without regard to case, since tokens are in small letters.
"""

import json
import logging
import shutil
from pathlib import Path

import pytest
from command_line import OFFICE, PASSPHRASE, Here, Ran, encode_words, kinmatch, match_words

import matcher.cli.linkage
import matcher.cli.society
from encoders.records import COLUMNS

# Letters that no word of ours has side by side; each field's begins with its own place.
CANARIES = {name: f"Qzx{chr(97 + place)}vwqk{place:02}jx" for place, name in enumerate(COLUMNS)}
PEOPLE = 40


def rows(society: str) -> str:
    """People with a canary in every field; codes and dates that are none, and usable ones."""
    lines = [",".join(COLUMNS)]
    for number in range(PEOPLE):
        cells = {name: f"{canary} {number}" for name, canary in CANARIES.items()}
        cells["record_id"] = f"{CANARIES['record_id']}-{society}-{number}"
        cells["role"] = ""
        if number % 2:
            usable = {"birth_date": f"19{60 + number % 40}-03-0{1 + number % 9}", "calendar": ""}
            cells |= {**usable, "sex": "f", "age": "", "age_on": "", "last_seen_date": ""}
        lines.append(",".join(cells.values()))
    return "\n".join(lines) + "\n"


def canaries_in(content: str | bytes, *, but: tuple[str, ...] = ()) -> list[str]:
    """The fields whose canary is found."""
    text = content if isinstance(content, bytes) else content.encode()
    return [
        name
        for name, canary in CANARIES.items()
        if name not in but and canary.lower().encode() in text.lower()
    ]


@pytest.fixture
def office(job: Path, tmp_path: Path) -> Path:
    for name in OFFICE:
        shutil.copy(job / name, tmp_path / name)
    for society in ("seeking", "meeting"):
        (tmp_path / f"{society}.csv").write_text(rows(society), encoding="utf-8")
    return tmp_path


def test_nothing_of_a_record_is_found_anywhere(
    office: Path, run_here: Here, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[Ran] = []
    with caplog.at_level(logging.NOTSET):
        for society in ("seeking", "meeting"):
            source = office / f"{society}.csv"
            said += [run_here("check", source), run_here("check", source, "--json")]
            said.append(run_here(*encode_words(source, office, society), passphrase=PASSPHRASE))
        agreement = ("--agreement", office / "agreement.toml")
        batches = (office / "seeking.batch", office / "meeting.batch")
        said.append(run_here(*match_words(office, *batches), "--json", passphrase=PASSPHRASE))
        said.append(
            run_here(
                *("results", office / "found" / "candidates-seeking.parquet", *agreement),
                *("--references", office / "seeking.references"),
                *("--out", office / "results.csv"),
            )
        )
        said.append(
            run_here(
                *("rehearse", "--requests", office / "seeking.csv"),
                *("--register", office / "meeting.csv", "--out", office / "pairs.csv"),
                *("--json", office / "report.json"),
            )
        )
    assert [ran.status for ran in said] == [0] * len(said), [ran.said for ran in said]
    assert sum(json.loads(said[6].out)["candidates"].values()) > 0
    for ran in said:
        assert not canaries_in(ran.out + ran.err)
    assert not canaries_in(caplog.text)
    own = ("record_id",)
    for path in office.rglob("*"):
        if path.is_file() and path.name not in ("seeking.csv", "meeting.csv"):
            knows_ids = path.name.endswith(".references") or path.name in (
                "results.csv",
                "pairs.csv",
            )
            assert not canaries_in(path.read_bytes(), but=own if knows_ids else ()), path.name
    # The canaries can be found where they may be, so the search sees what there is to see.
    assert canaries_in((office / "seeking.references").read_bytes()) == ["record_id"]
    assert len(canaries_in((office / "seeking.csv").read_bytes())) == len(COLUMNS) - 1  # no role


@pytest.mark.parametrize(
    ("place", "module", "name"),
    [
        ("check", matcher.cli.society, "check_reading"),
        ("encode", matcher.cli.society, "Encoding"),
        ("encode", matcher.cli.society, "write_batch_of"),
    ],
)
def test_an_error_of_our_own_shows_where_but_not_what(
    office: Path,
    run_here: Here,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    module: object,
    name: str,
) -> None:
    canary = CANARIES["given_name"]

    def fail(*arguments: object, **_: object) -> None:
        error = RuntimeError(f"no token for {canary}", arguments)
        error.add_note(canary)
        raise error from KeyError(canary)

    monkeypatch.setattr(module, name, fail)
    source = office / "seeking.csv"
    before = {path.name for path in office.iterdir()}
    if place == "check":
        ran = run_here("check", source)
    else:
        ran = run_here(*encode_words(source, office), passphrase=PASSPHRASE)
    assert ran.status == 3
    assert "an error in kinmatch itself (RuntimeError)" in ran.said
    assert "test_canary.py" in ran.said  # the place in the code
    assert not canaries_in(ran.out + ran.err)
    assert {path.name for path in office.iterdir()} == before


def test_a_process_that_fails_prints_no_traceback(office: Path, tmp_path: Path) -> None:
    """From outside: a module that fails as it is imported, on a real command line."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import encoders.checking\n"
        "def fail(*a, **k):\n"
        f"    raise ValueError({CANARIES['family_name']!r}, a)\n"
        "encoders.checking.check = fail\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(broken))
        ran = kinmatch("check", office / "seeking.csv")
    assert ran.status == 3, ran.said
    assert "(ValueError)" in ran.said
    assert "Traceback" not in ran.said
    assert not canaries_in(ran.out + ran.err)


def test_keys_and_passphrase_are_shown_nowhere(office: Path, run_here: Here) -> None:
    ran = run_here(*encode_words(office / "seeking.csv", office), "--json", passphrase=PASSPHRASE)
    assert ran.status == 0
    sealed = json.loads((office / "keys.json").read_text())["sealed"]
    contents = [ran.out.encode(), ran.err.encode(), (office / "seeking.batch").read_bytes()]
    for content in contents:
        assert PASSPHRASE.encode() not in content
        assert sealed.encode() not in content
