"""Every error that kinmatch raises on purpose.

::

    KinmatchError
    ├── InputError          a file of the user's can't be read as what it should be
    ├── AgreementError      an agreement is not valid, or does not allow what was asked
    ├── MismatchError       two artefacts do not belong together (both values are named)
    ├── IntegrityError      an artefact was cut short or altered
    ├── KeyFileError        a key file can't be opened: passphrase, version, or wrong agreement
    ├── EnvelopeError       an envelope is refused; `rule` names the check that it did not pass
    ├── GateError           data protection forbids what was asked; `rule` names the rule
    ├── OutputError         a result can't be written: disk full, not allowed, already there
    ├── StoreError          the linkage unit's database can't be used
    │   └── AbsentError     it holds no such thing, or none that the one who asks may see
    ├── StateError          what was asked is not possible in the state that a thing is in
    ├── StoppedError        work was told to stop; the next call goes on where it was
    ├── LimitError          a run would exceed the limits that were set for it
    ├── ServiceError        a request to the service is refused; `code` names why
    └── ParameterError      an argument of a library call or command is out of its range

A message is one sentence or two that say what is wrong and what to do. It may name a file, a
row, a field and a rule; it never holds a value from a record, a key or a passphrase.
"""


class KinmatchError(Exception):
    """The root of the tree: catch it to catch everything kinmatch refuses on purpose."""


class InputError(KinmatchError):
    """A file of the user's can't be read as what it should be."""


class AgreementError(KinmatchError):
    """An agreement is not valid, or does not allow what was asked."""


class MismatchError(KinmatchError):
    """Two artefacts do not belong together; the message names both values."""


class IntegrityError(KinmatchError):
    """An artefact was cut short or altered since it was written."""


class KeyFileError(KinmatchError):
    """A key file can't be opened: wrong passphrase, unknown version, other agreement."""


class EnvelopeError(KinmatchError):
    """An envelope is refused.

    Attributes:
        rule: The check that it did not pass, one of `matcher.formats.opening.RULES`.
    """

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{message} [{rule}]")
        self.rule = rule


class GateError(KinmatchError):
    """A data-protection rule forbids what was asked; `matcher.formats.rulebook.refuse` makes it.

    Attributes:
        rule: The rule's name, one of `matcher.formats.rulebook.RULES`.
    """

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{message} [{rule}]")
        self.rule = rule


class OutputError(KinmatchError):
    """A result can't be written: the disk is full, the place not allowed, the file there."""


class StoreError(KinmatchError):
    """The linkage unit's database can't be used."""


class AbsentError(StoreError):
    """The database holds no such thing, or none that the one who asks may see."""


class StateError(KinmatchError):
    """What was asked is not possible in the state that a batch, run or candidate is in."""


class StoppedError(KinmatchError):
    """Work was told to stop, and did so where it can go on; nothing is lost."""


class LimitError(KinmatchError):
    """A run would exceed the limits that were set for it."""


class ServiceError(KinmatchError):
    """A request to the service is refused.

    Attributes:
        code: Why, one of the codes in `matcher.service.problems`.
        retry_after: Seconds after which the same request may pass; None if it never will.
    """

    def __init__(self, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class ParameterError(KinmatchError, ValueError):
    """An argument of a library call or a command is out of its range."""


class UnhardenedWarning(UserWarning):
    """Fingerprints are used that nothing protects: a warning, and no error."""
