"""Settings of the linkage unit: from `KINMATCH_…` variables, and from one TOML file.

A variable wins over the file. The file is `kinmatch.toml` in the current folder, or the one that
`KINMATCH_CONFIG` names; a name in it that is no setting is refused.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from matcher.formats.errors import ParameterError

_FILE_VARIABLE = "KINMATCH_CONFIG"
_USUAL_FILE = Path("kinmatch.toml")


class Settings(BaseSettings):
    """What an operator may set; make one with `Settings.load`.

    Attributes:
        data_folder: Where the fingerprints lie, and the private database if there is one.
        database_url: A PostgreSQL server's URL; a private one in the data folder if not set.
        service_database_url: The same for a login that is a member of `kinmatch_service` alone,
            so that not even a statement smuggled into the service can leave its role.
        store_keys_file: The keys of the fingerprints; beside the data folder if not set, so that
            no copy of the folder takes them along.
        audit_key_file: The private key that signs the audit log; made when it is not there.
        checkpoints_file: Where signatures on the audit log are kept beside the database.
        top: Candidates listed for each record that is sought.
        identity_file: The linkage unit's sealed identity, which opens envelopes; beside the data
            folder if not set.
        night_hour: The hour, in UTC, at which a worker begins the night, or `never`, where
            `kinmatch nightly` is run by other means.
        results_hour: From this hour of a day on, in UTC, candidates of that day's night show.
        refine_from: The first score, in bits, from which candidates are refined.
        refine_days: Days that societies have to answer a request for refinement.
        small_cells: The least count of candidates that analysts are told.
        most_pairs: A night that would compare more pairs of records is refused.
        most_candidates: A night that finds more candidates is refused.
        threads: Threads of a night; all processors if not set.
        proxies: Addresses of the proxies in front of the service, whose headers are believed.
        oidc_issuer: The identity provider whose JWTs are believed: what their `iss` says.
        oidc_audience: What their `aud` must hold.
        oidc_keys: The provider's JWKS: a file, or a URL.
        emblem_key_file: The key that signs the digital emblem, Ed25519 or P-256 in PEM; the service
            shows one where this, `emblem_issuer` and `emblem_assets` are set.
        emblem_issuer: Who signals protection: `https://` and its domain.
        emblem_assets: What is marked: domain names, and IPv6 addresses in brackets.
        emblem_days: Days that an emblem is valid.
        training_required: Whether the service lets in only users whose training in data protection
            is current; for a unit without any real person's data it may be off.
        token_days: Days that a token is valid which its owner made to follow another.
        token_overlap_hours: Hours that the one before it stays valid.
        user_rate: Requests a second that a user may go on sending to the service; for half a
            minute's worth of them there is no waiting.
        society_rate: The same for all users of a society together.
        listing_rate: The same for a user's listings of candidates.
        stranger_rate: Requests a second from one address that nobody is known by.
        most_misses: Requests an hour for what isn't there that a user may send before they wait.
        most_part_bytes: Bytes of one part of an upload.
        most_batch_bytes: Bytes of one batch.
        most_open_bytes: Bytes of all of a society's batches that are not validated yet.
        most_batches_a_day: Batches that a society may register in a day.
        least_free_bytes: Uploads are refused while the disk has less room than this.
    """

    model_config = SettingsConfigDict(env_prefix="KINMATCH_", extra="forbid", frozen=True)

    data_folder: Path = Path("linkage-unit")
    database_url: SecretStr | None = None
    service_database_url: SecretStr | None = None
    store_keys_file: Path | None = None
    audit_key_file: Path | None = None
    checkpoints_file: Path | None = None
    top: Annotated[int, Field(ge=1)] = 10
    identity_file: Path | None = None
    night_hour: Annotated[int, Field(ge=0, le=23)] | Literal["never"] = 1
    results_hour: Annotated[int, Field(ge=0, le=23)] = 6
    refine_from: float = 10.0
    refine_days: Annotated[int, Field(ge=1)] = 14
    small_cells: Annotated[int, Field(ge=2)] = 10
    most_pairs: Annotated[int, Field(ge=1)] = 10**13
    most_candidates: Annotated[int, Field(ge=1)] = 10_000_000
    threads: Annotated[int, Field(ge=1)] | None = None
    proxies: frozenset[str] = frozenset()
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_keys: str | None = None
    emblem_key_file: Path | None = None
    emblem_issuer: str | None = None
    emblem_assets: tuple[str, ...] = ()
    emblem_days: Annotated[int, Field(ge=1, le=90)] = 30
    training_required: bool = True
    token_days: Annotated[int, Field(ge=1, le=366)] = 90
    token_overlap_hours: Annotated[int, Field(ge=0)] = 24
    user_rate: Annotated[float, Field(gt=0)] = 20.0
    society_rate: Annotated[float, Field(gt=0)] = 100.0
    listing_rate: Annotated[float, Field(gt=0)] = 5.0
    stranger_rate: Annotated[float, Field(gt=0)] = 1.0
    most_misses: Annotated[int, Field(ge=1)] = 60
    most_part_bytes: Annotated[int, Field(ge=1)] = 8 * 2**20
    most_batch_bytes: Annotated[int, Field(ge=1)] = 4 * 2**30
    most_open_bytes: Annotated[int, Field(ge=1)] = 8 * 2**30
    most_batches_a_day: Annotated[int, Field(ge=1)] = 200
    least_free_bytes: Annotated[int, Field(ge=0)] = 2**30

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the base class's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments first, then variables, then the file."""
        file = TomlConfigSettingsSource(settings_cls, config_file())
        return init_settings, env_settings, file

    @classmethod
    def load(cls, **given: object) -> Self:
        """Read the settings.

        Args:
            given: Settings from the command line, which win over all else; None means not given.

        Raises:
            ParameterError: A setting is not what it must be; the message names all that are not,
                and no value, which may be a password.
        """
        _require_file()
        try:
            return cls.model_validate(
                {name: value for name, value in given.items() if value is not None}
            )
        except ValidationError as error:
            problems = [
                f"'{'.'.join(map(str, problem['loc']))}': {problem['msg']}"
                for problem in error.errors(include_url=False, include_input=False)
            ]
        raise ParameterError(
            f"The settings are not what they must be. {'; '.join(problems)}. Correct the variable "
            f"KINMATCH_… or the settings file."
        )

    @property
    def store_keys(self) -> Path:
        """The file of the keys that open the fingerprints."""
        beside = self.data_folder.with_name(f"{self.data_folder.name}.store-keys.json")
        return self.store_keys_file or beside

    @property
    def identity(self) -> Path:
        """The file of the linkage unit's identity."""
        beside = self.data_folder.with_name(f"{self.data_folder.name}.identity.json")
        return self.identity_file or beside

    @property
    def protection_journal(self) -> Path:
        """The file of the notices that were applied; beside the keys, where no backup takes it."""
        return self.store_keys.with_name(f"{self.data_folder.name}.protection-journal.jsonl")

    @property
    def audit_key(self) -> Path:
        """The file of the key that signs the audit log."""
        return self.audit_key_file or self.data_folder / "audit-key.pem"

    @property
    def checkpoints(self) -> Path:
        """The file of signatures on the audit log."""
        return self.checkpoints_file or self.data_folder / "audit-checkpoints.jsonl"


def config_file() -> Path:
    """The settings file; it need not be there, unless `KINMATCH_CONFIG` names it."""
    return Path(os.environ.get(_FILE_VARIABLE) or _USUAL_FILE)


def _require_file() -> None:
    path = config_file()
    if os.environ.get(_FILE_VARIABLE) and not path.is_file():
        raise ParameterError(f"{_FILE_VARIABLE} names {path}, and there is no such file.")
    try:
        if path.is_file():
            tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ParameterError(
            f"{path}: not valid TOML, or can't be read ({type(error).__name__}); correct the file."
        ) from None
