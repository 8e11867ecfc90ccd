"""Keys handed from society to society: the postbox between them can do nothing unnoticed."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from encoders import exchange
from encoders.exchange import Ask, Offer
from encoders.keys import Keys
from matcher.formats.agreement import Agreement
from matcher.formats.errors import (
    AgreementError,
    InputError,
    IntegrityError,
    KeyFileError,
    KinmatchError,
    MismatchError,
    OutputError,
    ParameterError,
)
from matcher.formats.identity import Identity
from matcher.formats.signed import write_signed

DrawUp = Callable[..., Agreement]
WORDS = "words of the society"
NAMES = ("red-one", "red-two", "crescent-3", "hub")


@pytest.fixture(scope="module")
def identities() -> dict[str, Identity]:
    return {name: Identity.generate(name) for name in NAMES}


@dataclass
class Exchange:
    """Three societies that send each other files through a folder."""

    folder: Path
    identities: dict[str, Identity]
    agreement: Agreement

    def __post_init__(self) -> None:
        self.keys = Keys.generate(self.agreement)

    def ask(self, who: str, name: str = "") -> Path:
        """Write `WHO.ask`, and what it needs to `WHO.pending`."""
        path = self.folder / f"{name or who}.ask"
        pending = self.folder / f"{name or who}.pending"
        own = self.identities[who]
        exchange.ask(path, pending, WORDS, identity=own, agreement=self.agreement)
        return path

    def offer(self, *asks: Path, **terms: object) -> Path:
        """Write the offer of red-one."""
        path = self.folder / "offer"
        own = {"identity": self.identities["red-one"], "agreement": self.agreement, **terms}
        exchange.offer(asks, path, **{"keys": self.keys, **own})  # type: ignore[arg-type]
        return path

    def accept(self, who: str, offer: Path, name: str = "") -> Keys:
        """Write `WHO.keys` and `WHO.confirmation`."""
        return exchange.accept(
            offer,
            self.folder / f"{name or who}.pending",
            WORDS,
            self.folder / f"{who}.confirmation",
            self.folder / f"{who}.keys",
            identity=self.identities[who],
            agreement=self.agreement,
        )

    def missing(self, *who: str) -> list[str]:
        """Who has not confirmed."""
        return exchange.missing_after(
            [self.folder / f"{name}.confirmation" for name in who],
            self.folder / "offer",
            keys=self.keys,
            agreement=self.agreement,
        )


@pytest.fixture
def three(tmp_path: Path, identities: dict[str, Identity], draw_up: DrawUp) -> Exchange:
    public = [one.public for one in identities.values()]
    return Exchange(tmp_path, identities, draw_up(identities=public))


def test_three_societies_come_to_one_root(three: Exchange) -> None:
    asks = [three.ask(who) for who in ("red-two", "crescent-3")]
    offer = three.offer(*asks)
    for who in ("red-two", "crescent-3"):
        held = three.accept(who, offer)
        assert held.derive("bits") == three.keys.derive("bits")
        assert held.check == three.keys.check
        opened = Keys.open(three.folder / f"{who}.keys", WORDS, three.agreement)
        assert opened.derive("bits") == three.keys.derive("bits")
        assert not (three.folder / f"{who}.pending").exists()
    assert three.missing("red-two", "crescent-3") == []


def test_nothing_that_travels_holds_the_root(three: Exchange) -> None:
    """The postbox, who has an identity of its own and all messages, opens none of them."""
    asks = [three.ask(who) for who in ("red-two", "crescent-3")]
    offer = three.offer(*asks)
    three.accept("red-two", offer)
    root = bytes(three.keys._root.expose())
    for path in (*asks, offer, three.folder / "red-two.confirmation"):
        assert root.hex().encode() not in path.read_bytes()
        assert root not in path.read_bytes()
    sent = Offer.model_validate_json(exchange_document(offer))
    asked = Ask.model_validate_json(exchange_document(asks[0]))
    for identity in three.identities.values():
        with pytest.raises(IntegrityError):
            identity.unwrap(
                bytes.fromhex(sent.wrapped["red-two"]), exchange._context(asked, "red-one")
            )


def exchange_document(path: Path) -> str:
    return json.dumps(json.loads(path.read_text())["document"])


def test_a_dropped_message_is_noticed(three: Exchange) -> None:
    offer = three.offer(three.ask("red-two"))
    assert three.missing() == ["red-two", "crescent-3"]
    three.accept("red-two", offer)
    assert three.missing("red-two") == ["crescent-3"]


def test_an_ask_of_the_postbox_in_anothers_name(three: Exchange) -> None:
    """It asks with a key of its own: signed by itself, or with the signature of a true ask."""
    true = three.ask("red-two")
    forged = Ask.model_validate_json(exchange_document(true)).model_copy(
        update={"exchange": three.identities["hub"].public.exchange}
    )
    path = three.folder / "forged.ask"
    write_signed(path, forged, three.identities["hub"])
    with pytest.raises(IntegrityError, match="not signed by 'red-two'"):
        three.offer(path)
    text = true.read_text().replace(
        Ask.model_validate_json(exchange_document(true)).exchange, forged.exchange
    )
    path.write_text(text)
    with pytest.raises(IntegrityError, match="not signed by 'red-two'"):
        three.offer(path)
    mine = forged.model_copy(update={"society": "hub"})
    write_signed(path, mine, three.identities["hub"])
    with pytest.raises(AgreementError, match="'hub' is not a party"):
        three.offer(path)


def test_a_replayed_ask(three: Exchange) -> None:
    """The postbox holds back today's ask and sends an old one: who asked notices."""
    old = three.ask("red-two", "old")
    (three.folder / "old.pending").unlink()
    three.ask("red-two")
    offer = three.offer(old)
    with pytest.raises(IntegrityError, match="does not answer the ask"):
        three.accept("red-two", offer)
    assert not (three.folder / "red-two.keys").exists()
    assert (three.folder / "red-two.pending").exists()


def test_a_replayed_offer(three: Exchange) -> None:
    old = three.offer(three.ask("red-two", "old"))
    shutil.copy(old, three.folder / "old.offer")
    three.offer(three.ask("red-two"))
    with pytest.raises(IntegrityError, match="does not answer the ask"):
        three.accept("red-two", three.folder / "old.offer")


def test_every_byte_of_an_offer_counts(three: Exchange) -> None:
    offer = three.offer(three.ask("red-two"), three.ask("crescent-3"))
    whole = offer.read_bytes()
    shutil.copy(three.folder / "red-two.pending", three.folder / "kept")
    for at in range(0, len(whole), 3):
        if whole[at : at + 1].isspace():
            continue  # the layout is not signed
        offer.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(KinmatchError):
            three.accept("red-two", offer)
    assert not (three.folder / "red-two.keys").exists()
    offer.write_bytes(whole)
    three.accept("red-two", offer)


def test_parts_of_an_offer_can_not_change_places(three: Exchange) -> None:
    """Not even by who has the offering society's signing key."""
    offer = three.offer(three.ask("red-two"), three.ask("crescent-3"))
    sent = Offer.model_validate_json(exchange_document(offer))
    one, two = sent.wrapped["red-two"], sent.wrapped["crescent-3"]
    swapped = sent.model_copy(update={"wrapped": {"red-two": two, "crescent-3": one}})
    write_signed(offer, swapped, three.identities["red-one"])
    with pytest.raises(IntegrityError, match="does not open"):
        three.accept("red-two", offer)


def test_two_roots_for_two_societies(three: Exchange) -> None:
    """A faulty or false offer that names one root and wraps another."""
    ask = three.ask("red-two")
    offer = three.offer(ask)
    other = Offer.model_validate_json(exchange_document(offer)).model_copy(
        update={"check": Keys.generate(three.agreement).derive("check").hex()}
    )
    write_signed(offer, other, three.identities["red-one"])
    with pytest.raises(IntegrityError, match="not the one that it names"):
        three.accept("red-two", offer)


def test_a_confirmation_of_something_else(three: Exchange) -> None:
    three.accept("red-two", three.offer(three.ask("red-two")))
    three.offer(three.ask("crescent-3"))
    with pytest.raises(IntegrityError, match="another offer"):
        three.missing("red-two")
    three.keys = Keys.generate(three.agreement)
    three.offer(three.ask("red-two", "again"))
    with pytest.raises(IntegrityError, match="another root"):
        three.missing("red-two")


def test_who_was_given_another_agreement_notices(three: Exchange, draw_up: DrawUp) -> None:
    """The postbox put its own keys for red-one's into the agreement it gave to red-two.

    The two agreements' digests and fingerprints, which people compare by voice, are others, and so
    no message of the one is good under the other.
    """
    ask = three.ask("red-two")
    false = Identity.generate("red-one")
    public = [false.public if n == "red-one" else i.public for n, i in three.identities.items()]
    given = draw_up(identities=public)
    assert given.digest != three.agreement.digest
    assert false.public.fingerprint != three.identities["red-one"].public.fingerprint
    with pytest.raises(MismatchError, match="compare its digits by voice"):
        three.offer(ask, identity=false, agreement=given)
    with pytest.raises(AgreementError, match="not those of this identity"):
        three.offer(ask, identity=false)


def test_an_ask_of_an_older_epoch(three: Exchange) -> None:
    ask = three.ask("red-two")
    three.agreement = three.agreement.with_next_epoch(date(2026, 6, 1), 30)
    three.keys = Keys.generate(three.agreement)
    with pytest.raises(MismatchError, match="key epoch 1"):
        three.offer(ask)


def test_wrong_files_and_calls(three: Exchange) -> None:
    ask = three.ask("red-two")
    with pytest.raises(OutputError, match="lost for good"):
        three.ask("red-two")
    with pytest.raises(ParameterError, match="one ask of each"):
        three.offer(ask, ask)
    with pytest.raises(ParameterError, match="one ask of each"):
        three.offer()
    with pytest.raises(ParameterError, match="one ask of each"):
        three.offer(three.ask("red-one"))
    with pytest.raises(ParameterError, match="Throwaway"):
        three.offer(ask, keys=Keys.throwaway(three.agreement))
    with pytest.raises(InputError, match="kinmatch-key-offer/1"):
        three.accept("red-two", ask)
    offer = three.offer(ask)
    with pytest.raises(KeyFileError):
        exchange.accept(
            offer,
            three.folder / "red-two.pending",
            "wrong",
            three.folder / "c",
            three.folder / "k",
            identity=three.identities["red-two"],
            agreement=three.agreement,
        )
    with pytest.raises(IntegrityError, match="does not answer"):
        three.accept("crescent-3", offer, "red-two")
    three.accept("red-two", offer)
    with pytest.raises(OutputError, match="lost for good"):
        three.accept("red-two", offer)
