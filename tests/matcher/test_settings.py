"""Settings: where they come from, which wins, and what is said of wrong ones."""

from pathlib import Path

import pytest

from matcher.formats.errors import ParameterError
from matcher.settings import Settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KINMATCH_CONFIG", raising=False)
    return tmp_path


def test_arguments_win_over_variables_and_these_over_the_file(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "kinmatch.toml").write_text("top = 3\nthreads = 4\nmost_pairs = 5\n")
    monkeypatch.setenv("KINMATCH_THREADS", "6")
    monkeypatch.setenv("KINMATCH_MOST_PAIRS", "7")
    settings = Settings.load(most_pairs=8, data_folder=None)
    assert (settings.top, settings.threads, settings.most_pairs) == (3, 6, 8)
    assert settings.data_folder == Path("linkage-unit")


def test_the_keys_lie_beside_the_data_and_not_in_it() -> None:
    settings = Settings.load(data_folder=Path("/somewhere/data"))
    assert settings.store_keys == Path("/somewhere/data.store-keys.json")


def test_all_that_is_wrong_is_named_and_no_value_told(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "kinmatch.toml").write_text('databse_url = "postgresql://u:geheim@host/db"\n')
    monkeypatch.setenv("KINMATCH_TOP", "geheim")
    with pytest.raises(ParameterError, match=r"'top'.*'databse_url'|'databse_url'.*'top'") as told:
        Settings.load()
    assert "geheim" not in str(told.value)


def test_a_password_is_not_shown() -> None:
    settings = Settings.load(database_url="postgresql://user:geheim@host/db")
    assert "geheim" not in repr(settings)
    assert "geheim" not in str(settings.model_dump(mode="json"))


def test_a_file_that_is_named_must_be_there_and_be_toml(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINMATCH_CONFIG", "none.toml")
    with pytest.raises(ParameterError, match="no such file"):
        Settings.load()
    (elsewhere / "none.toml").write_text("top = geheim")
    with pytest.raises(ParameterError, match="not valid TOML") as told:
        Settings.load()
    assert "geheim" not in str(told.value)
