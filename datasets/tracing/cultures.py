"""How people of each culture are named, and in which scripts their names get written.

The shares are round numbers chosen for a mixed caseload; they are no statistics of any country.
"""

from dataclasses import dataclass
from typing import Literal

SCRIPTS = ("Latn", "Arab", "Cyrl", "Ethi")
"""ISO 15924 codes of the scripts that names are written in; a script's number is its place here."""

Style = Literal["chain_and_family", "chain", "patronymic", "family"]


@dataclass(frozen=True)
class Culture:
    """One culture.

    Attributes:
        name: Also the name of its file in `names/`.
        language: ISO 639-1 code of what its people are asked in.
        weight: How common it is among the families generated.
        style: Whether a person is known by a chain of own, father's and grandfather's name, by a
            patronymic, by a family name, or by a chain and a family name.
        has_family_name: Share of the families that have a family name at all.
        wife_takes_name: Share of married women who bear their husband's family name.
        two_surnames: Whether a child bears a surname of each parent.
        second_given: Share of people with a second given name.
        request_scripts: Weights of `SCRIPTS` where the request is told, near home.
        register_scripts: Weights of `SCRIPTS` where people are registered, far from home.
    """

    name: str
    language: str
    weight: float
    style: Style
    request_scripts: tuple[float, float, float, float]
    register_scripts: tuple[float, float, float, float]
    has_family_name: float = 1.0
    wife_takes_name: float = 0.0
    two_surnames: bool = False
    second_given: float = 0.0


CULTURES = (
    Culture(
        name="arabic",
        language="ar",
        weight=26,
        style="chain_and_family",
        request_scripts=(0.25, 0.70, 0.05, 0.0),
        register_scripts=(0.72, 0.20, 0.08, 0.0),
    ),
    Culture(
        name="persian",
        language="fa",
        weight=16,
        style="chain_and_family",
        request_scripts=(0.30, 0.65, 0.05, 0.0),
        register_scripts=(0.75, 0.15, 0.10, 0.0),
        has_family_name=0.75,
    ),
    Culture(
        name="ukrainian",
        language="uk",
        weight=16,
        style="patronymic",
        request_scripts=(0.20, 0.0, 0.80, 0.0),
        register_scripts=(0.65, 0.0, 0.35, 0.0),
        wife_takes_name=0.85,
    ),
    Culture(
        name="somali",
        language="so",
        weight=10,
        style="chain",
        request_scripts=(0.90, 0.10, 0.0, 0.0),
        register_scripts=(0.95, 0.05, 0.0, 0.0),
        has_family_name=0.0,
    ),
    Culture(
        name="ethiopian",
        language="am",
        weight=10,
        style="chain",
        request_scripts=(0.40, 0.0, 0.0, 0.60),
        register_scripts=(0.85, 0.0, 0.0, 0.15),
        has_family_name=0.0,
    ),
    Culture(
        name="west_african",
        language="fr",
        weight=9,
        style="family",
        request_scripts=(0.95, 0.05, 0.0, 0.0),
        register_scripts=(0.95, 0.05, 0.0, 0.0),
        wife_takes_name=0.25,
        second_given=0.2,
    ),
    Culture(
        name="spanish",
        language="es",
        weight=8,
        style="family",
        request_scripts=(1.0, 0.0, 0.0, 0.0),
        register_scripts=(1.0, 0.0, 0.0, 0.0),
        two_surnames=True,
        second_given=0.4,
    ),
    Culture(
        name="english",
        language="en",
        weight=5,
        style="family",
        request_scripts=(1.0, 0.0, 0.0, 0.0),
        register_scripts=(0.85, 0.0, 0.15, 0.0),
        wife_takes_name=0.7,
        second_given=0.5,
    ),
)
