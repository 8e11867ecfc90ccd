"""Where the commands of `kinmatch demo --service` run: two societies' and an operator's."""

import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import tomli_w

from matcher.cli import console
from matcher.cli.demonstration import MEETING, SEEKING, UNIT
from matcher.formats.errors import KinmatchError

_STOP_SECONDS: Final = 20.0
_RULE: Final = re.compile(r"\[([a-z-]+\.[a-z-]+)\]")


class Office:
    """Where the demo's commands run: one folder, one passphrase, and no settings of anybody's.

    Left, it stops all that still runs, and starts nothing any more.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._passphrase = secrets.token_urlsafe(24)
        settings = folder / "kinmatch.toml"
        # The night is run by hand, and its results show at once.
        told = {"data_folder": UNIT, "night_hour": "never", "results_hour": 0}
        settings.write_text(tomli_w.dumps(told), encoding="utf-8")
        kept = {k: v for k, v in os.environ.items() if not k.startswith("KINMATCH_")}
        self._environment = kept | {"KINMATCH_CONFIG": str(settings)}
        self._running: list[Any] = []
        self._is_open = True
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        with self._lock:
            self._is_open = False
            running = [*self._running]
        for process in reversed(running):
            _stop(process)

    def together(self, *actions: Callable[[], Any]) -> list[Any]:
        """Do several things at once; where one fails or the demo is interrupted, all end."""
        with ThreadPoolExecutor() as pool:
            try:
                return [one.result() for one in [pool.submit(action) for action in actions]]
            except BaseException:
                self._end()
                raise

    def for_each(self, action: Callable[[str], Any]) -> list[Any]:
        """Do something for both societies at once."""
        return self.together(*(partial(action, society) for society in (SEEKING, MEETING)))

    def run(self, *words: str, sealed: bool = False) -> str:
        """Run one command, and give what it printed.

        Raises:
            KinmatchError: It refused.
        """
        console.say(f"$ kinmatch {' '.join(words)}")
        process = self._start(words, sealed=sealed, out=subprocess.PIPE)
        printed, _ = process.communicate()
        if process.returncode not in (0, console.ROWS_LEFT_OUT):
            raise KinmatchError(f"The demo stops here: 'kinmatch {words[0]}' was refused.")
        return str(printed)

    def refused(self, *words: str, sealed: bool = False) -> str:
        """Run one command that a rule refuses, and give the rule's name.

        Raises:
            KinmatchError: Nothing refused it.
        """
        console.say(f"$ kinmatch {' '.join(words)}")
        pipe = subprocess.PIPE
        process = self._start(words, sealed=sealed, out=pipe, err=pipe)
        _, said = process.communicate()
        console.say(said.strip())
        named = _RULE.search(said)
        if process.returncode != console.REFUSED or named is None:
            raise KinmatchError(f"The demo stops here: no rule refused 'kinmatch {words[0]}'.")
        return named[1]

    def begin(self, *words: str, sealed: bool = False) -> None:
        """Start a command that runs until the end; what it says goes into a file of its name."""
        console.say(f"$ kinmatch {' '.join(words)} &")
        with (self.folder / f"{words[0]}.log").open("w") as log:
            self._start(words, sealed=sealed, out=log.fileno(), err=log.fileno())

    def _start(
        self, words: Sequence[str], *, sealed: bool, out: int, err: int | None = None
    ) -> Any:
        command, descriptors = [sys.executable, "-m", "matcher.cli", *words], []
        if sealed:
            reading, writing = os.pipe()
            os.write(writing, f"{self._passphrase}\n".encode() * 2)
            os.close(writing)
            descriptors.append(reading)
            command += ["--passphrase-fd", str(reading)]
        with self._lock:
            if not self._is_open:
                raise KinmatchError("The demo has ended.")
            try:
                # Of its own session: Ctrl-C is for the demo, which then stops all in order.
                process = subprocess.Popen(  # noqa: S603 - our own command line, our own words
                    command, stdout=out, stderr=err, text=True, pass_fds=descriptors,
                    cwd=self.folder, env=self._environment, start_new_session=True,
                )  # fmt: skip
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
            self._running.append(process)
        return process


def _stop(process: Any) -> None:
    """Stop a process in order, and at last by force."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
