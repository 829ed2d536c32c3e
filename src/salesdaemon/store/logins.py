"""Logins that were obtained by signing in: encrypted, refreshed by one process at a time."""

import asyncio
import fcntl
import os
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Connection, Row, delete, insert, or_, select, true, update

from salesdaemon.domain.login import Login
from salesdaemon.errors import StoreError
from salesdaemon.store.engine import Store, owner_is_dead
from salesdaemon.store.tables import logins

LEASE = timedelta(seconds=60)
ACTIVE, PENDING = "active", "pending"


class Cipher:
    """Encrypts with the newest key of a key file and reads with any of them, one key a line."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._fernet: MultiFernet | None = None

    def encrypt(self, text: str) -> str:
        """Encrypt a secret; makes the key file on first use."""
        return self._load(create=True).encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Decrypt a secret.

        Raises:
            StoreError: the key file is missing or is not the one that encrypted it.
        """
        try:
            return self._load(create=False).decrypt(token.encode()).decode()
        except InvalidToken as error:
            raise StoreError(
                f"The key in {self._key_file} does not fit the stored login.",
                fix="Put the old key file back, or run `salesdaemon auth` again for each shop.",
            ) from error

    def _load(self, *, create: bool) -> MultiFernet:
        if self._fernet is None:
            if create and not _is_written(self._key_file):
                _make_key_file(self._key_file)
            self._fernet = _read_key_file(self._key_file)
        return self._fernet


def _is_written(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _make_key_file(path: Path) -> None:
    """Write a key, or wait for the process that just does; a file left empty gets one, too."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not file.read():
                file.write(Fernet.generate_key() + b"\n")
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(
            f"The key file {path} cannot be made ({error.strerror}).",
            fix="Set `key_file` in [secrets] to a place that can be written.",
        ) from error


def _read_key_file(path: Path) -> MultiFernet:
    try:
        lines = path.read_bytes().split()
        return MultiFernet([Fernet(line) for line in lines])
    except OSError as error:
        raise StoreError(
            f"The key file {path} cannot be read ({error.strerror}).",
            fix="Put it back, or run `salesdaemon auth` again for each shop.",
        ) from error
    except ValueError as error:
        raise StoreError(f"The file {path} holds no key of ours.") from error


class ShopLogin:
    """The login of one shop, as a marketplace's client sees it.

    A login belongs to an app's key. A table that was renamed finds its login again by that key,
    as long as the old name is gone from the configuration.
    """

    def __init__(
        self,
        store: Store,
        cipher: Cipher,
        *,
        shop: str,
        marketplace: str,
        login_key: str,
        configured: Collection[str],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._cipher = cipher
        self._shop = shop
        self._marketplace = marketplace
        self._login_key = login_key
        self._configured = tuple(configured)
        self._clock = clock

    async def find(self) -> Login | None:
        """Return the login in force, None if there is none for this app's key."""
        return await asyncio.to_thread(self._find)

    def _find(self) -> Login | None:
        with self._store.read() as connection:
            row = self._row(connection)
            orphan = self._orphan(connection) if row is None else None
        if row is None and orphan is not None:
            self._take(orphan.shop)
            row = orphan
        return None if row is None else self._decrypted(row)

    def _row(self, connection: Connection) -> Row[Any] | None:
        return connection.execute(
            select(logins).where(
                logins.c.shop == self._shop,
                logins.c.stage == ACTIVE,
                logins.c.login_key == self._login_key,
            )
        ).first()

    def _orphan(self, connection: Connection) -> Row[Any] | None:
        rows = connection.execute(
            select(logins).where(
                logins.c.marketplace == self._marketplace,
                logins.c.stage == ACTIVE,
                logins.c.login_key == self._login_key,
                logins.c.shop.not_in(self._configured),
            )
        ).all()
        return rows[0] if len(rows) == 1 else None

    def _take(self, old_name: str) -> None:
        active = logins.c.stage == ACTIVE
        with self._store.write(durable=True) as connection:
            # What stands under the new name belongs to another app's key: `_row` passed it over.
            connection.execute(delete(logins).where(logins.c.shop == self._shop, active))
            connection.execute(
                update(logins).where(logins.c.shop == old_name, active).values(shop=self._shop)
            )

    def _decrypted(self, row: Row[Any]) -> Login:
        return Login(
            access_token=self._cipher.decrypt(row.access_token),
            refresh_token=self._cipher.decrypt(row.refresh_token),
            expires_at=row.expires_at,
            generation=row.generation,
        )

    async def generation(self) -> int | None:
        """Return which pair is in force, without decrypting it."""
        return await asyncio.to_thread(self._generation)

    def _generation(self) -> int | None:
        with self._store.read() as connection:
            row = self._row(connection)
        return None if row is None else row.generation

    async def expiry(self) -> datetime | None:
        """Return until when the pair in force may be used as it is; None if there is none."""
        return await asyncio.to_thread(self._expiry)

    def _expiry(self) -> datetime | None:
        with self._store.read() as connection:
            row = self._row(connection)
        return None if row is None else row.expires_at

    async def lease(self, generation: int) -> bool:
        """Reserve the refreshing of that pair; False if another process has, or is past it."""
        return await asyncio.to_thread(self._lease, generation)

    def _lease(self, generation: int) -> bool:
        now = self._clock()
        with self._store.write() as connection:
            row = self._row(connection)
            if row is None or row.generation != generation:
                return False
            owner = row.lease_owner
            abandoned = owner is not None and owner_is_dead(owner)
            won = connection.execute(
                update(logins)
                .where(
                    logins.c.shop == self._shop,
                    logins.c.stage == ACTIVE,
                    logins.c.generation == generation,
                    or_(
                        logins.c.leased_until.is_(None),
                        logins.c.leased_until <= now,
                        logins.c.lease_owner == (owner if abandoned else ""),
                    ),
                )
                .values(
                    lease_owner=self._store.owner,
                    leased_until=now + LEASE,
                    # A lease that nobody gave back: its owner died between question and record.
                    answer_lost=true() if owner is not None else logins.c.answer_lost,
                )
            )
            return won.rowcount == 1

    async def release(self, *, answer_lost: bool) -> None:
        """Give the lease back without a new pair, noting whether an answer may have been lost."""
        await asyncio.to_thread(self._release, answer_lost=answer_lost)

    def _release(self, *, answer_lost: bool) -> None:
        with self._store.write() as connection:
            connection.execute(
                update(logins)
                .where(logins.c.shop == self._shop, logins.c.lease_owner == self._store.owner)
                .values(
                    lease_owner=None,
                    leased_until=None,
                    answer_lost=true() if answer_lost else logins.c.answer_lost,
                )
            )

    async def answer_was_lost(self) -> bool:
        """Tell whether a refresh of the pair in force went out without an answer."""
        return await asyncio.to_thread(self._answer_was_lost)

    def _answer_was_lost(self) -> bool:
        with self._store.read() as connection:
            row = self._row(connection)
        # A lease that its owner never gave back: it died between the question and our record.
        return row is not None and (
            row.answer_lost or (row.lease_owner not in {None, self._store.owner})
        )

    async def save(self, login: Login) -> Login:
        """Keep a refreshed pair, on disk before this returns, and give the lease back."""
        return await asyncio.to_thread(self._save, login)

    def _save(self, login: Login) -> Login:
        with self._store.write(durable=True) as connection:
            row = self._row(connection)
            generation = (row.generation if row is not None else 0) + 1
            self._replace(connection, ACTIVE, login, generation)
        return Login(
            access_token=login.access_token,
            refresh_token=login.refresh_token,
            expires_at=login.expires_at,
            generation=generation,
        )

    async def save_pending(self, login: Login) -> None:
        """Keep a pair from a new sign-in, on disk before this returns, beside the one in force."""
        await asyncio.to_thread(self._save_pending, login)

    def _save_pending(self, login: Login) -> None:
        with self._store.write(durable=True) as connection:
            self._replace(connection, PENDING, login, 0)

    def promote(self, connection: Connection) -> None:
        """Put the pending pair in force, inside the transaction that binds its account."""
        active = connection.execute(
            select(logins.c.generation).where(logins.c.shop == self._shop, logins.c.stage == ACTIVE)
        ).scalar()
        connection.execute(
            delete(logins).where(logins.c.shop == self._shop, logins.c.stage == ACTIVE)
        )
        connection.execute(
            update(logins)
            .where(logins.c.shop == self._shop, logins.c.stage == PENDING)
            .values(stage=ACTIVE, generation=(active or 0) + 1)
        )

    def _replace(self, connection: Connection, stage: str, login: Login, generation: int) -> None:
        connection.execute(
            delete(logins).where(logins.c.shop == self._shop, logins.c.stage == stage)
        )
        connection.execute(
            insert(logins).values(
                shop=self._shop,
                stage=stage,
                marketplace=self._marketplace,
                login_key=self._login_key,
                access_token=self._cipher.encrypt(login.access_token),
                refresh_token=self._cipher.encrypt(login.refresh_token),
                expires_at=login.expires_at,
                generation=generation,
                answer_lost=False,
            )
        )
