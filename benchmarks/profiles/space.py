"""The schemes that the search walks through: from one to the next by a small change."""

from collections.abc import Iterator, Sequence

import numpy as np

from matcher.formats.scheme import Attribute, Pass, View
from matcher.formats.steps import Diffusion, StratifiedDiffusion

Passes = tuple[Pass, ...]

_CHOICES: tuple[tuple[str, View], ...] = tuple(
    (attribute, View(name=view, each=each, most=most))
    for attribute, view, each, most in (
        ("name", "name.bigrams/2", 6, 120),
        ("name", "name.skeleton/2", 10, 150),
        ("name", "name.phonetic/2", 8, 40),
        ("name", "name.whole_skeleton/1", 10, 40),
        ("name", "name.sounds/1", 4, 90),
        ("name", "name.lexicon/1", 8, 30),
        ("given", "name.bigrams/2", 8, 60),
        ("given", "name.skeleton/2", 12, 60),
        ("given", "name.phonetic/2", 15, 30),
        ("given", "name.whole_skeleton/1", 20, 40),
        ("given", "name.sounds/1", 4, 60),
        ("given", "name.lexicon/1", 15, 30),
        ("given", "name.diminutive/1", 30, 40),
        ("mother", "name.bigrams/2", 4, 60),
        ("mother", "name.skeleton/2", 10, 80),
        ("mother", "name.phonetic/2", 12, 30),
        ("birth", "birth.near_year/1", 12, 54),
        ("birth", "birth.year_digits/1", 14, 40),
        ("birth", "birth.decade/1", 20, 40),
        ("birth", "birth.month/1", 25, 25),
        ("birth", "birth.day/1", 25, 25),
        ("birth", "birth.day_and_month/1", 25, 40),
        ("place", "place.bigrams/2", 8, 100),
        ("place", "place.codes/1", 10, 60),
        ("sex", "sex.code/1", 30, 30),
        ("nationality", "nationality.code/1", 20, 40),
    )
)
"""Every attribute and view that a pass may take up, and the weight it begins with: little, since a
scheme whose weights fit each other has no room for much, and a step may make it more."""

VIEWS_TO_CHOOSE = tuple((attribute, view.name) for attribute, view in _CHOICES)
"""The same, without weights."""

_LEAST_T, _MOST_T = 3, 12
_LEAST_T_OF_STRATUM = 2
_LEAST_FLOOR, _MOST_FLOOR = 100, 1000
_LEAST_EACH, _MOST_EACH = 2, 400
_LEAST_MOST, _MOST_MOST = 4, 900
_STRIDE = 0.4  # of the logarithm of a weight


def neighbour(passes: Passes, generator: np.random.Generator) -> Passes:
    """Change one pass a little.

    Its t, or that of a stratum; its floor; one view that comes, goes or weighs otherwise; or one
    attribute that goes to another stratum.

    A change that makes no scheme leaves the passes as they are.
    """
    which = int(generator.integers(len(passes)))
    kind = generator.choice(list(_CHANGES), p=[0.18, 0.14, 0.11, 0.17, 0.33, 0.07])
    changed = _CHANGES[kind](passes[which], generator)
    try:
        changed = Pass.model_validate(changed.model_dump())
    except ValueError:
        return passes
    return (*passes[:which], changed, *passes[which + 1 :])


def views_of(part: Pass) -> Iterator[tuple[str, View]]:
    """Give every view of a pass, with the name of its attribute."""
    for attribute in part.attributes:
        for view in attribute.views:
            yield attribute.name, view


def _with_views(part: Pass, views: Sequence[tuple[str, View]]) -> Pass:
    """Give the pass other views; an attribute that is new comes into the first stratum."""
    names = dict.fromkeys(name for name, _ in views)
    attributes = tuple(
        Attribute(name=name, views=tuple(view for of, view in views if of == name))
        for name in names
    )
    step = _diffusion_of(part)
    if isinstance(step, StratifiedDiffusion):
        placed = {name for stratum in step.strata for name in stratum.attributes}
        new = tuple(name for name in names if name not in placed)
        kept = [tuple(name for name in one.attributes if name in names) for one in step.strata]
        step = _with_attributes(step, [(*kept[0], *new), *kept[1:]])
    return part.model_copy(update={"attributes": attributes, "hardening": (step,)})


def _diffusion_of(part: Pass) -> Diffusion | StratifiedDiffusion:
    (step,) = part.hardening
    assert isinstance(step, Diffusion | StratifiedDiffusion)  # noqa: S101 - as all starts have it
    return step


def _with_attributes(
    step: StratifiedDiffusion, attributes: Sequence[tuple[str, ...]]
) -> StratifiedDiffusion:
    strata = tuple(
        stratum.model_copy(update={"attributes": names})
        for stratum, names in zip(step.strata, attributes, strict=True)
    )
    return step.model_copy(update={"strata": strata})


def _other_t(part: Pass, generator: np.random.Generator) -> Pass:
    step, by = _diffusion_of(part), generator.choice([-1, 1])
    if isinstance(step, Diffusion):
        t = int(np.clip(step.t + by, _LEAST_T, _MOST_T))
        return part.model_copy(update={"hardening": (step.model_copy(update={"t": t}),)})
    strata = list(step.strata)
    which = int(generator.integers(len(strata)))
    t = int(np.clip(strata[which].t + by, _LEAST_T_OF_STRATUM, _MOST_T))
    strata[which] = strata[which].model_copy(update={"t": t})
    changed = step.model_copy(update={"strata": tuple(strata)})
    return part.model_copy(update={"hardening": (changed,)})


def _in_another_stratum(part: Pass, generator: np.random.Generator) -> Pass:
    step = _diffusion_of(part)
    if isinstance(step, Diffusion):
        return part
    name = part.attributes[int(generator.integers(len(part.attributes)))].name
    target = int(generator.integers(len(step.strata)))
    others = [tuple(one for one in stratum.attributes if one != name) for stratum in step.strata]
    others[target] = (*others[target], name)
    return part.model_copy(update={"hardening": (_with_attributes(step, others),)})


def _other_floor(part: Pass, generator: np.random.Generator) -> Pass:
    floor = _scaled(part.floor, generator.normal() / 5, _LEAST_FLOOR, _MOST_FLOOR)
    return part.model_copy(update={"floor": floor})


def _without_one(part: Pass, generator: np.random.Generator) -> Pass:
    views = list(views_of(part))
    del views[int(generator.integers(len(views)))]
    return _with_views(part, views)


def _with_one_more(part: Pass, generator: np.random.Generator) -> Pass:
    attribute, view = _CHOICES[int(generator.integers(len(_CHOICES)))]
    views = list(views_of(part))
    if any((name, held.name) == (attribute, view.name) for name, held in views):
        return part
    return _with_views(part, [*views, (attribute, view)])


def _weighed_otherwise(part: Pass, generator: np.random.Generator) -> Pass:
    views = list(views_of(part))
    which = int(generator.integers(len(views)))
    name, view = views[which]
    stride = generator.normal() * _STRIDE
    each = _scaled(view.each, stride, _LEAST_EACH, _MOST_EACH)
    most = max(each, _scaled(view.most, stride, _LEAST_MOST, _MOST_MOST))
    views[which] = name, view.model_copy(update={"each": each, "most": most})
    return _with_views(part, views)


def _scaled(value: int, stride: float, least: int, most: int) -> int:
    return int(np.clip(value * np.exp(stride), least, most))


_CHANGES = {
    "t": _other_t,
    "floor": _other_floor,
    "drop": _without_one,
    "add": _with_one_more,
    "weigh": _weighed_otherwise,
    "stratum": _in_another_stratum,
}
