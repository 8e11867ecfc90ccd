"""Selection: which of all candidates are shown, where one record has several.

Every rule takes links between records, each with a score, and says which are kept. None depends on
the order in which links are given: ties go to the lowest record on the left, then on the right.
Only links of one stratum compete: who is sought may be registered with one record and be seeking
with another, and neither is in the other's way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

Numbers = npt.NDArray[np.int64]
Kept = npt.NDArray[np.bool_]

_UNITS = 1000  # scores have three decimals, so that sums of them in thousandths are exact


class Select(StrEnum):
    """How candidates are selected.

    - `TOP`: the best of each record that is looked for, as many as are wanted;
    - `BEST`: the best of each record that is looked for, over all it is compared with;
    - `ONE_TO_ONE`: no record in two links, and the sum of scores the greatest that there is;
    - `MANY_TO_ONE`: of a request there may be several registered records, as where one person was
      registered twice, but each of these belongs to one request, the best;
    - `GROUPS`: records of different societies that are all one person, pair by pair.
    """

    TOP = "top"
    BEST = "best"
    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    GROUPS = "groups"


@dataclass(frozen=True, eq=False, repr=False)
class Links:
    """n links between records.

    Attributes:
        left: Numbers of the records that are looked for, shape (n,). A number stands for one
            record, be it left or right.
        right: Numbers of the other records.
        scores: In bits, to three decimals, float64.
        stratum: Which links compete: those with one number.
        society: For each record, by its number, the society whose it is.
    """

    left: Numbers
    right: Numbers
    scores: npt.NDArray[np.float64]
    stratum: Numbers
    society: Numbers

    def __len__(self) -> int:
        return len(self.scores)

    def order(self) -> Numbers:
        """Give the links in order: best score first, then left, right record and stratum."""
        return np.lexsort((self.stratum, self.right, self.left, -self.scores))


def select(links: Links, how: Select) -> Kept:
    """Say which links are kept, shape (n,), bool."""
    return _RULES[how](links)


def _all(links: Links) -> Kept:
    return np.ones(len(links), dtype=np.bool_)


def _best(links: Links) -> Kept:
    return _first(links, links.left)


def _many_to_one(links: Links) -> Kept:
    return _first(links, _nodes(links.stratum, links.right))


def _first(links: Links, node: Numbers) -> Kept:
    """Keep the first link of every node."""
    order = links.order()
    kept = np.zeros(len(links), dtype=np.bool_)
    kept[order[np.unique(node[order], return_index=True)[1]]] = True
    return kept


def _nodes(stratum: Numbers, record: Numbers) -> Numbers:
    """Number the records of every stratum apart."""
    pairs = np.column_stack([stratum, record])
    return np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)


def _one_to_one(links: Links) -> Kept:
    """Solve the assignment exactly, by Jonker and Volgenant's algorithm for sparse graphs.

    Every left record may also stay alone, which costs as much as a link without any score. A link
    counts a thousandth of a bit more than its score, so that a score of 0 is better than none.
    """
    worth = np.round(links.scores * _UNITS).astype(np.int64) + 1
    useful = np.flatnonzero(worth > 0)
    useful = useful[np.lexsort((links.right[useful], links.left[useful], links.stratum[useful]))]
    kept = np.zeros(len(links), dtype=np.bool_)
    if not len(useful):
        return kept
    stratum = links.stratum[useful]
    left = _nodes(stratum, links.left[useful])
    right = _nodes(stratum, links.right[useful])
    many, columns = int(left.max()) + 1, int(right.max()) + 1
    alone = worth[useful].max() + 1
    own = np.arange(many)
    costs = coo_array(
        (
            np.r_[alone - worth[useful], np.full(many, alone)].astype(np.float64),
            (np.r_[left, own], np.r_[right, columns + own]),
        ),
        shape=(many, columns + many),
    ).tocsr()
    rows, chosen = min_weight_full_bipartite_matching(costs)
    partner = np.full(many, -1, dtype=np.int64)
    partner[rows] = chosen
    kept[useful[partner[left] == right]] = True
    return kept


def _groups(links: Links) -> Kept:
    """Grow groups from the best link down, and keep the links inside them.

    Two groups become one only where every record of the one has a link with every record of the
    other: each pair was compared, and found likelier one person than two. So a chain of likeness
    over three societies, of which the ends were not compared or differ, is no group. A group has
    one record of a society at most.
    """
    order = links.order()
    left, right = links.left[order].tolist(), links.right[order].tolist()
    society = links.society.tolist()
    linked = {frozenset(pair) for pair in zip(left, right, strict=True)}
    group: dict[int, set[int]] = {}
    for one, other in zip(left, right, strict=True):
        ours = group.setdefault(one, {one})
        theirs = group.setdefault(other, {other})
        apart = {society[r] for r in ours}.isdisjoint(society[r] for r in theirs)
        if apart and all(frozenset((a, b)) in linked for a in ours for b in theirs):
            ours |= theirs
            group |= dict.fromkeys(theirs, ours)
    kept = np.zeros(len(links), dtype=np.bool_)
    kept[order] = [group[one] is group[other] for one, other in zip(left, right, strict=True)]
    return kept


_RULES: dict[Select, Callable[[Links], Kept]] = {
    Select.TOP: _all,
    Select.BEST: _best,
    Select.ONE_TO_ONE: _one_to_one,
    Select.MANY_TO_ONE: _many_to_one,
    Select.GROUPS: _groups,
}
