"""What a lifecycle is: states, events, and where each event leads from each state."""

from collections.abc import Mapping
from dataclasses import dataclass

from matcher.formats.errors import StateError


@dataclass(frozen=True)
class Lifecycle:
    """All states of one kind of thing, and all ways between them.

    Attributes:
        name: What it is the life of, such as `batch`.
        first: The state that a new one is in.
        moves: From a state and an event to the state after it. What is not here can't happen.
    """

    name: str
    first: str
    moves: Mapping[tuple[str, str], str]

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, the first one first."""
        named = [state for (state, _), after in self.moves.items() for state in (state, after)]
        return tuple(dict.fromkeys([self.first, *named]))

    @property
    def events(self) -> tuple[str, ...]:
        """Every event."""
        return tuple(dict.fromkeys(event for _, event in self.moves))

    def after(self, state: str, event: str) -> str:
        """Tell the state after an event.

        Raises:
            StateError: The event is not possible in that state.
        """
        if (after := self.moves.get((state, event))) is not None:
            return after
        possible = [known for from_state, known in self.moves if from_state == state]
        now = f"What is possible now: {', '.join(possible)}." if possible else "Its life is over."
        raise StateError(f"A {self.name} that is {state} has no '{event}'. {now}")

    def before(self, event: str) -> tuple[str, ...]:
        """The states in which an event is possible."""
        return tuple(state for state, known in self.moves if known == event)
