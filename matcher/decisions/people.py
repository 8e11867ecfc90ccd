"""The people of a batch with their cases: who belongs together, and what each is to each other."""

from typing import Self

import numpy as np
import numpy.typing as npt

from matcher.decisions.candidates import Side
from matcher.formats.batch import Batch
from matcher.formats.cells import Mask
from matcher.formats.relations import NO_GENERATION, UNKNOWN, Relations
from matcher.formats.vocabulary import ROLES

Rows = npt.NDArray[np.int64]

_ENQUIRER, _SOUGHT, _, _KIN = (ROLES.index(role) for role in ROLES)
_NOBODY = -1


class People:
    """All n persons of a batch.

    Attributes:
        side: Their fingerprints and what is known of them.
        roles: Shape (n,), int8: positions in `ROLES`; -1 for who takes no part.
    """

    def __init__(
        self,
        side: Side,
        roles: npt.NDArray[np.int8],
        relations: npt.NDArray[np.int8],
        cases: npt.NDArray[np.int64],
    ) -> None:
        """Take people and their cases.

        Args:
            side: n persons.
            roles: Positions in `ROLES`.
            relations: Positions in `RELATIONS`, or `NO_RELATION`: what each sought person is to the
                case's enquirer, and kin to its sought person.
            cases: A number from 0 for each case, -1 for who has none.
        """
        self.side = side
        self.roles = roles
        self._relations = Relations.of(relations)
        self._cases = cases
        self._order = np.argsort(cases, kind="stable")
        self._starts = np.searchsorted(cases[self._order], np.arange(cases.max(initial=-1) + 2))
        self._to_enquirer = self._relations_to_enquirers()

    @classmethod
    def of(cls, batch: Batch, passes: tuple[str, ...], kept: Mask | None = None) -> Self:
        """Read the people of a batch with the fingerprints of these passes.

        Args:
            batch: The batch.
            passes: Names of passes.
            kept: Shape (n,), bool: who takes part, everybody by default; others have no role and
                belong to no case.
        """
        kept = np.ones(len(batch), np.bool_) if kept is None else kept
        cases, has_case = np.full(len(batch), _NOBODY, dtype=np.int64), batch.has_case & kept
        of_case = np.ascontiguousarray(batch.cases[has_case]).view("V16").ravel()
        cases[has_case] = np.unique(of_case, return_inverse=True)[1]
        side = Side({name: batch.fingerprints(name) for name in passes}, batch.known)
        roles = np.where(kept, batch.roles, _NOBODY).astype(np.int8)
        return cls(side, roles, batch.relations, cases)

    def of_role(self, role: str) -> tuple[Rows, Side]:
        """Give the rows of all persons in a role, ascending, and these persons as a side."""
        rows = np.flatnonzero(self.roles == ROLES.index(role))
        passes = {
            name: (bits[rows], present[rows]) for name, (bits, present) in self.side.passes.items()
        }
        return rows, Side(passes, self.side.known[rows])

    def others(self, rows: Rows) -> Rows:
        """Give how many other persons each row's case has."""
        cases = self._cases[rows]
        sizes = np.append(np.diff(self._starts), 1)  # the last is that of no case: oneself
        others: Rows = sizes[cases] - 1
        return others

    def other(self, rows: Rows, number: Rows) -> Rows:
        """Give the rows of other persons of each row's case, by their number from 0."""
        starts = self._starts[self._cases[rows]]
        members = self._order[starts + number]
        # Rows of a case ascend, so from oneself on the others are one further.
        after = self._order[np.minimum(starts + number + 1, len(self._order) - 1)]
        others: Rows = np.where(members >= rows, after, members)
        return others

    def relation(self, rows: Rows, to: Rows) -> Relations:
        """Give what each person is to another of the same case, as far as the case says."""
        mine, theirs = self._relations.take(rows), self._relations.take(to)
        found = self._to_enquirer.take(rows).then(self._to_enquirer.take(to).inverse())
        found = self._to_enquirer.take(rows).where(self.roles[to] == _ENQUIRER, found)
        found = theirs.inverse().where(
            (self.roles[rows] == _ENQUIRER) & (self.roles[to] == _SOUGHT), found
        )
        said = (self.roles[rows] == _KIN) & (self.roles[to] == _SOUGHT) & self._alone(to)
        return mine.where(said, found)

    def _alone(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Tell whose case has one sought person, to whom kin are then kin."""
        alone: npt.NDArray[np.bool_] = self._sought_of(rows) != _NOBODY
        return alone

    def _sought_of(self, rows: Rows) -> Rows:
        """Give the one sought person of each row's case; -1 where there are none or several."""
        number = len(self._starts)  # of cases, and one for those who have none
        sought = np.flatnonzero((self.roles == _SOUGHT) & (self._cases != _NOBODY))
        counts = np.bincount(self._cases[sought], minlength=number)
        only = np.full(number, _NOBODY, dtype=np.int64)
        only[self._cases[sought]] = sought
        only[counts != 1] = _NOBODY
        return only[self._cases[rows]]

    def _relations_to_enquirers(self) -> Relations:
        """What everybody is to the enquirer of the case."""
        count = len(self.roles)
        nothing = np.zeros(count, np.int8)
        not_known = Relations(nothing + np.int8(NO_GENERATION), nothing + np.int8(UNKNOWN),
                              self._relations.sex)  # fmt: skip
        sought = self._sought_of(np.arange(count))
        of_sought = self._relations.take(np.maximum(sought, 0)) if count else not_known
        kin = self._relations.then(of_sought).where(sought != _NOBODY, not_known)
        found = self._relations.where(self.roles == _SOUGHT, not_known)
        found = kin.where(self.roles == _KIN, found)
        return Relations.to_oneself(count).where(self.roles == _ENQUIRER, found)
