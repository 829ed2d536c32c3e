"""Logins that were obtained by signing in: encrypted, and refreshed by one process at a time."""

import base64
import os
import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import event, text, update

from salesdaemon.domain.login import Login
from salesdaemon.errors import StoreError
from salesdaemon.store.engine import Store
from salesdaemon.store.logins import LEASE, Cipher, ShopLogin
from salesdaemon.store.tables import logins
from tests.databases import image
from tests.store.owners import dead_owner

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ACCESS, REFRESH = "12345678.access-canary", "12345678.refresh-canary"
PAIR = Login(ACCESS, REFRESH, NOW + timedelta(hours=1))
NEXT = Login("a2", "r2", NOW + timedelta(hours=2))


@pytest.fixture
def cipher(tmp_path: Path) -> Cipher:
    return Cipher(tmp_path / "secret.key")


def login_of(store: Store, cipher: Cipher, **changes: Any) -> ShopLogin:
    facts: dict[str, Any] = {
        "shop": "prints",
        "marketplace": "etsy",
        "login_key": "app-1",
        "configured": ("prints",),
        "clock": lambda: NOW,
        **changes,
    }
    return ShopLogin(store, cipher, **facts)


async def test_a_login_comes_back_and_is_nowhere_to_be_read(store: Store, cipher: Cipher) -> None:
    login = login_of(store, cipher)
    assert await login.find() is None
    saved = await login.save(PAIR)
    await login.save_pending(PAIR)
    assert (saved, await login.find()) == (replace(PAIR, generation=1),) * 2
    kept = repr(image(store)).encode()
    if store.path is not None:
        kept += b"".join(file.read_bytes() for file in store.path.parent.glob("sales.db*"))
    for token in (ACCESS, REFRESH):
        assert token.encode() not in kept
        assert base64.b64encode(token.encode())[:-4] not in kept


def test_a_login_does_not_show_its_tokens() -> None:
    assert repr(PAIR) == "Login(generation=0, expires_at=2026-11-20T10:00:00+00:00)"


def test_the_key_file_is_made_on_first_use_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret.key"
    Cipher(path).encrypt("x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0
    first = path.read_bytes()
    Cipher(path).encrypt("y")
    assert path.read_bytes() == first


def test_two_processes_that_make_the_key_file_at_once_use_the_same_key(tmp_path: Path) -> None:
    ciphers = [Cipher(tmp_path / "secret.key") for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        tokens = list(threads.map(lambda each: each.encrypt("x"), ciphers))
    assert {Cipher(tmp_path / "secret.key").decrypt(token) for token in tokens} == {"x"}


def test_a_key_file_that_a_crash_left_empty_gets_its_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.touch(mode=0o600)
    token = Cipher(path).encrypt("x")
    assert Cipher(path).decrypt(token) == "x"


def test_a_new_key_on_the_first_line_still_reads_what_the_old_one_wrote(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    old = Cipher(path).encrypt("x")
    path.write_bytes(Fernet.generate_key() + b"\n" + path.read_bytes())
    assert Cipher(path).decrypt(old) == "x"
    with pytest.raises(StoreError):
        Cipher(_only_old_key(path)).decrypt(Cipher(path).encrypt("y"))


def _only_old_key(path: Path) -> Path:
    alone = path.with_name("old.key")
    alone.write_bytes(path.read_bytes().split()[1])
    return alone


async def test_another_key_is_told_with_the_way_out(store: Store, tmp_path: Path) -> None:
    await login_of(store, Cipher(tmp_path / "secret.key")).save(PAIR)
    (tmp_path / "secret.key").write_bytes(Fernet.generate_key())
    with pytest.raises(StoreError, match="salesdaemon auth") as caught:
        await login_of(store, Cipher(tmp_path / "secret.key")).find()
    assert caught.value.what == f"The key in {tmp_path}/secret.key does not fit the stored login."


@pytest.mark.parametrize("content", [None, b"", b"not a key"], ids=["missing", "empty", "nonsense"])
def test_a_key_file_that_is_none_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "secret.key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError, match=r"secret\.key"):
        Cipher(path).decrypt("gAAAAA==")


async def test_of_two_processes_one_may_refresh_a_pair(
    store: Store, another_store: Callable[[], Store], cipher: Cipher
) -> None:
    mine, theirs = login_of(store, cipher), login_of(another_store(), cipher)
    await mine.save(PAIR)
    for generation in range(1, 11):
        with ThreadPoolExecutor(2) as threads:
            won = list(threads.map(lambda each: each._lease(generation), (mine, theirs)))  # noqa: B023 - used at once
        assert sorted(won) == [False, True]
        await (mine, theirs)[won.index(True)].save(NEXT)
    assert await mine.generation() == 11


async def test_a_pair_that_is_past_is_not_refreshed_again(store: Store, cipher: Cipher) -> None:
    login = login_of(store, cipher)
    await login.save(PAIR)
    await login.save(NEXT)
    assert (await login.lease(1), await login.lease(2)) == (False, True)
    assert await login_of(store, cipher, shop="other").lease(2) is False


async def test_a_lease_ends_with_its_time_and_leaves_a_doubt(
    store: Store, another_store: Callable[[], Store], cipher: Cipher
) -> None:
    await login_of(store, cipher).save(PAIR)
    assert await login_of(store, cipher).lease(1)
    just_before, just_then = (
        login_of(another_store(), cipher, clock=lambda moment=moment: moment)
        for moment in (NOW + LEASE - timedelta(seconds=1), NOW + LEASE)
    )
    assert await just_before.lease(1) is False
    assert await just_then.lease(1) is True
    assert await just_then.answer_was_lost() is True


async def test_the_lease_of_a_dead_process_is_free_at_once_and_leaves_a_doubt(
    store: Store, cipher: Cipher
) -> None:
    login = login_of(store, cipher)
    await login.save(PAIR)
    with store.write() as connection:
        connection.execute(
            update(logins).values(lease_owner=dead_owner(), leased_until=NOW + LEASE)
        )
    assert (await login.answer_was_lost(), await login.lease(1)) == (True, True)
    assert await login.answer_was_lost() is True
    await login.save(NEXT)
    assert await login.answer_was_lost() is False


async def test_a_lease_given_back_is_free_and_says_whether_an_answer_may_be_lost(
    store: Store, another_store: Callable[[], Store], cipher: Cipher
) -> None:
    login, theirs = login_of(store, cipher), login_of(another_store(), cipher)
    await login.save(PAIR)
    for lost in (False, True):
        assert await login.lease(1)
        await theirs.release(answer_lost=True)  # not theirs to give back
        assert await theirs.lease(1) is False
        await login.release(answer_lost=lost)
        assert await login.answer_was_lost() is lost
    await login.lease(1)
    await login.release(answer_lost=False)
    assert await login.answer_was_lost() is True  # only a new pair settles it


async def test_a_new_sign_in_waits_beside_the_login_in_force(store: Store, cipher: Cipher) -> None:
    login = login_of(store, cipher)
    await login.save(PAIR)
    await login.save_pending(NEXT)
    assert await login.find() == replace(PAIR, generation=1)
    with pytest.raises(StoreError):
        _promote_and_fail(store, login)
    assert await login.find() == replace(PAIR, generation=1)
    with store.write() as connection:
        login.promote(connection)
    assert await login.find() == replace(NEXT, generation=2)


def _promote_and_fail(store: Store, login: ShopLogin) -> None:
    with store.write() as connection:
        login.promote(connection)
        connection.execute(text("SELECT nothing FROM nowhere"))


async def test_a_renamed_table_finds_its_login(store: Store, cipher: Cipher) -> None:
    await login_of(store, cipher).save(PAIR)
    renamed = login_of(store, cipher, shop="posters", configured=("posters",))
    assert await renamed.find() == replace(PAIR, generation=1)
    assert await renamed.lease(1)
    assert await login_of(store, cipher).generation() is None


@pytest.mark.parametrize(
    "changes",
    [
        {"configured": ("prints", "posters")},
        {"login_key": "app-2"},
        {"marketplace": "other"},
    ],
    ids=["the old name is in use", "another app", "another marketplace"],
)
async def test_a_login_is_not_taken_from_another_table(
    store: Store, cipher: Cipher, changes: dict[str, Any]
) -> None:
    await login_of(store, cipher).save(PAIR)
    facts = {"shop": "posters", "configured": ("posters",), **changes}
    assert await login_of(store, cipher, **facts).find() is None


async def test_of_two_logins_that_may_be_meant_none_is_taken(store: Store, cipher: Cipher) -> None:
    await login_of(store, cipher).save(PAIR)
    await login_of(store, cipher, shop="cards").save(NEXT)
    assert await login_of(store, cipher, shop="posters", configured=("posters",)).find() is None


async def test_a_renamed_table_takes_the_place_of_a_login_to_another_app(
    store: Store, cipher: Cipher
) -> None:
    await login_of(store, cipher).save(PAIR)
    await login_of(store, cipher, shop="posters", login_key="app-0").save(NEXT)
    renamed = login_of(store, cipher, shop="posters", configured=("posters",))
    assert await renamed.find() == replace(PAIR, generation=1)


@pytest.mark.parametrize("database", ["sqlite"])
async def test_a_login_is_on_the_disk_itself_before_it_is_used(
    store: Store, cipher: Cipher
) -> None:
    statements: list[str] = []

    def trace(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.set_trace_callback(statements.append)

    event.listen(store.engine, "checkout", trace)
    login = login_of(store, cipher)
    for save in (login.save, login.save_pending):
        statements.clear()
        await save(PAIR)
        assert statements[:2] == ["PRAGMA synchronous=FULL", "BEGIN IMMEDIATE"]
        assert statements[-2:] == ["COMMIT", "PRAGMA synchronous=NORMAL"]


@pytest.mark.parametrize("database", ["sqlite"])
def test_only_a_durable_transaction_waits_for_the_disk(store: Store) -> None:
    def level(*, durable: bool) -> int | None:
        with store.write(durable=durable) as connection:
            found: int | None = connection.scalar(text("PRAGMA synchronous"))
            return found

    normal, full = 1, 2
    assert [level(durable=wanted) for wanted in (False, True, False)] == [normal, full, normal]


def test_the_key_file_of_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="key_file"):
        Cipher(tmp_path / "file" / "secret.key").encrypt("x")
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208 - names are enough
