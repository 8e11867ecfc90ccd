"""Marks: the linkage unit knows the records again that a notice names, and no others."""

from encoders.marks import record_keys
from matcher.formats.identity import Identity
from matcher.formats.marks import KEY_BYTES, MARK_BYTES, marks_of

ID = "ab" * 16


def test_a_record_key_is_the_society_s_the_agreement_s_and_the_record_s() -> None:
    own, other = Identity.generate("red-one"), Identity.generate("red-one")
    keys = record_keys(own, ID, ["1", "2", "1"])
    assert keys[0] == keys[2] != keys[1]
    assert {len(key) for key in keys} == {KEY_BYTES}
    assert record_keys(own, ID, ["1"]) == keys[:1]
    assert record_keys(own, ID, [" 1"]) == keys[:1]
    assert record_keys(own, ID, ["\u00e9"]) == record_keys(own, ID, ["e\u0301"])
    assert record_keys(own, "cd" * 16, ["1"]) != keys[:1]
    assert record_keys(other, ID, ["1"]) != keys[:1]


def test_marks_of_two_batches_have_nothing_in_common_without_the_key() -> None:
    keys = record_keys(Identity.generate("red-one"), ID, map(str, range(100)))
    first, second = marks_of(keys, bytes(16)), marks_of(keys, bytes(15) + b"1")
    assert len(set(first + second)) == 200
    assert {len(mark) for mark in first} == {MARK_BYTES}
    assert marks_of(keys[7:8], bytes(16)) == first[7:8]
