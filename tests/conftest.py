"""What many tests start from: a small scheme, agreements drawn up under it, and cheap seals."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from hypothesis import settings

from matcher.formats import secretfile
from matcher.formats.agreement import Agreement
from matcher.formats.scheme import Attribute, Pass, Scheme, View
from matcher.formats.steps import Diffusion

# How long an example takes says how busy the machine is, or that something is compiled.
settings.register_profile("kinmatch", deadline=None)
settings.load_profile("kinmatch")

DrawUp = Callable[..., Agreement]

_strongest = secretfile._strongest_kdf


@pytest.fixture(scope="session", autouse=True)
def _cheap_seals() -> Iterator[None]:
    """What tests seal costs the least that a file may ask for: their passphrases are no secrets.

    A file says what its opening costs, so other processes open these as cheaply.
    """

    def cheap() -> secretfile.Argon2idCost | secretfile.ScryptCost:
        cost = _strongest()
        least = {"memory_kib": 8 * 1024, "iterations": 1, "lanes": 1}
        return cost.model_copy(update=least) if cost.name == "argon2id" else cost

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(secretfile, "_strongest_kdf", cheap)
        yield


@pytest.fixture
def _dear_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this test seals costs what it costs everybody."""
    monkeypatch.setattr(secretfile, "_strongest_kdf", _strongest)


@pytest.fixture(scope="session")
def tiny_scheme() -> Scheme:
    """Two passes of 128 and 64 bits."""
    name = Attribute(name="name", views=(View(name="name.bigrams/1", each=2, most=20),))
    mother = Attribute(name="mother_name", views=name.views)
    return Scheme(
        name="tiny",
        version=1,
        passes=(
            Pass(name="one", attributes=(name,), needs=(("name",),), bits=128, floor=0),
            Pass(
                name="two",
                attributes=(name, mother),
                needs=(("name",), ("mother_name",)),
                bits=128,
                floor=10,
                hardening=(Diffusion(t=4, bits=64),),
            ),
        ),
    )


@pytest.fixture(scope="session")
def draw_up(tiny_scheme: Scheme) -> DrawUp:
    """Draw up an agreement of three societies with a fixed id; terms may be changed by name."""

    def changed(**terms: object) -> Agreement:
        usual: dict[str, object] = {
            "agreement_id": "ab" * 16,
            "parties": ("red-one", "red-two", "crescent-3"),
            "scheme": tiny_scheme,
            "linkage_unit": "hub",
            "purposes": ("family-tracing",),
            "legal_bases": ("consent", "vital-interest"),
            "valid_from": date(2026, 1, 1),
            "valid_until": date(2026, 12, 31),
            "retention_days": 365,
        }
        return Agreement.new(**{**usual, **terms})  # type: ignore[arg-type]  # wrong terms too

    return changed
