"""What a running service answers, noted: each status, the longest time; no error of ours passes.

`KINMATCH_FUZZ_SUMMARY` names a file for what was counted; `make fuzz` keeps it.
"""

import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

MOST_SECONDS = 10.0
"""A request that takes longer hangs."""


class Watched:
    """A society's client that notes what it is answered.

    Args:
        client: The client.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.statuses: Counter[str] = Counter()
        self.longest = 0.0

    def ask(self, method: str, path: str, **said: Any) -> httpx.Response:
        """Send a request; the answer is in time and no error of the service's own."""
        begun = time.perf_counter()
        answer = self._client.request(method, path, **said, timeout=MOST_SECONDS)
        self.note(answer.status_code, time.perf_counter() - begun)
        assert answer.status_code < 500, (method, path, answer.text)
        return answer

    def note(self, status: int, seconds: float) -> None:
        """Count an answer."""
        self.statuses[str(status)] += 1
        self.longest = max(self.longest, seconds)


def summary(*watched: Watched) -> dict[str, Any]:
    """What was noted, all together."""
    statuses = sum((one.statuses for one in watched), Counter())
    return {
        "answers": dict(sorted(statuses.items())),
        "longest_answer_seconds": round(max(one.longest for one in watched), 3),
    }


def keep_summary(name: str, told: dict[str, Any]) -> None:
    """Write what was counted under a name, beside what other tests have written."""
    if place := os.environ.get("KINMATCH_FUZZ_SUMMARY"):
        path = Path(place)
        whole = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**whole, name: told}, indent=1) + "\n")
