"""Buckets that processes share: how many get through them, and what a crash may leave in them."""

import math
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from matcher.service.buckets import Buckets

# Takes for a key whenever it may, for a while, and says how often that was.
HAMMER = """
import sys, time
from pathlib import Path
from matcher.service.buckets import Buckets

buckets = Buckets(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), time.monotonic)
count, end = 0, time.monotonic() + float(sys.argv[4])
while time.monotonic() < end:  # on one thread, as the service does
    if buckets.wait("the key") == 0.0:
        buckets.take("the key")
        count += 1
print(count)
"""


class Clock:
    """Stands until it is set."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def through(buckets: Buckets, key: str = "key", tries: int = 100) -> int:
    """How many get through now."""
    count = 0
    for _ in range(tries):
        if buckets.wait(key) == 0.0:
            buckets.take(key)
            count += 1
    return count


def test_a_bucket_fills_at_its_pace_and_is_kept_beyond_its_process(tmp_path: Path) -> None:
    clock = Clock()
    assert through(Buckets(tmp_path / "paces" / "some", 2.0, 10.0, clock)) == 10
    again = Buckets(tmp_path / "paces" / "some", 2.0, 10.0, clock)
    assert through(again) == 0
    assert again.wait("key") == 0.5
    assert through(again, "another key") == 10
    clock.now += 2.0
    assert through(again) == 4
    clock.now += 1000.0
    assert through(again) == 10


def test_who_takes_more_than_there_is_waits_twice_as_long_at_most(tmp_path: Path) -> None:
    buckets = Buckets(tmp_path / "some", 2.0, 10.0, Clock())
    for _ in range(1000):
        buckets.take("key")
    assert buckets.wait("key") == pytest.approx((10.0 + 1.0) / 2.0)


def test_two_processes_never_get_through_more_than_each_alone(tmp_path: Path) -> None:
    a_second, most, seconds = 50.0, 20.0, 3.0
    given = [str(tmp_path / "some"), str(a_second), str(most), str(seconds)]
    begun = time.monotonic()
    processes = [
        subprocess.Popen([sys.executable, "-c", HAMMER, *given], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    counts = [int(process.communicate(timeout=120)[0]) for process in processes]
    allowed = most + a_second * (time.monotonic() - begun)
    assert sum(counts) >= most + a_second * seconds * 0.9 - 1
    assert sum(counts) <= 2 * allowed


GARBAGE = [math.nan, math.inf, -math.inf, -1e300, 1e300, -0.0, 5e-324, 1e18, -1.0]


@pytest.mark.parametrize("level", GARBAGE)
@pytest.mark.parametrize("since", GARBAGE)
def test_what_a_crash_left_locks_nobody_out_and_lets_nobody_through_for_ever(
    tmp_path: Path, level: float, since: float
) -> None:
    clock = Clock()
    path = tmp_path / "some"
    buckets = Buckets(path, 2.0, 10.0, clock)
    buckets.take("key")
    # Every place holds garbage, once under the key's own digest and once under another's.
    place = next(
        content for content in struct.iter_unpack("=16sdd", path.read_bytes()) if any(content[0])
    )
    for digest in (place[0], b"x" * 16):
        path.write_bytes(struct.pack("=16sdd", digest, level, since) * (path.stat().st_size // 32))
        for key in ("key", "another"):
            assert 0.0 <= buckets.wait(key) <= (10.0 + 1.0) / 2.0
            assert through(buckets, key) <= 10
            assert through(buckets, key) == 0
        clock.now += 20.0
        assert through(buckets) == 10


@pytest.mark.parametrize("size", [0, 1, 31, 4096, 10**7])
def test_a_file_of_any_size_is_made_whole(tmp_path: Path, size: int) -> None:
    path = tmp_path / "some"
    path.write_bytes(b"\xff" * size)
    buckets = Buckets(path, 2.0, 10.0, Clock())
    assert through(buckets) == 10
    assert path.stat().st_size == 1 << 21
    assert path.stat().st_blocks * 512 >= 1 << 21  # its room is there, however full the disk gets


def test_the_machine_was_started_anew(tmp_path: Path) -> None:
    clock = Clock(1e6)
    buckets = Buckets(tmp_path / "some", 2.0, 10.0, clock)
    assert through(buckets) == 10
    clock.now = 5.0
    assert through(buckets) == 10
    assert through(buckets) == 0


def test_a_slow_process_does_not_take_anothers_moment_for_the_future(tmp_path: Path) -> None:
    """Its clock is read, it waits for its processor, and another one takes meanwhile."""
    now = [1000.0]
    other = Buckets(tmp_path / "some", 2.0, 10.0, lambda: now[0])

    def slow_clock() -> float:
        read = now[0]
        now[0] += 0.001
        for _ in range(3):
            other.take("key")
        return read

    slow = Buckets(tmp_path / "some", 2.0, 10.0, slow_clock)
    assert through(other) == 10
    assert slow.wait("key") > 0.0
    assert slow.wait("key") > 0.0
