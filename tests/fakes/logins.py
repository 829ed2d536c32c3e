"""A login store in memory that several pretend processes can share."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from salesdaemon.domain.login import Login


@dataclass
class LoginBook:
    """What the database would hold, and everything that was done to it, in order."""

    active: Login | None = None
    pending: Login | None = None
    holder: str | None = None
    answer_lost: bool = False
    log: list[str] = field(default_factory=list)
    failing_saves: Sequence[Exception] = ()


class MemoryLogins:
    """The `LoginStore` of one process."""

    def __init__(self, book: LoginBook, owner: str = "daemon") -> None:
        self.book = book
        self.owner = owner

    async def find(self) -> Login | None:
        return self.book.active

    async def lease(self, generation: int) -> bool:
        active = self.book.active
        if self.book.holder or active is None or active.generation != generation:
            return False
        self.book.holder = self.owner
        self.book.log.append(f"{self.owner} leases {generation}")
        return True

    async def release(self, *, answer_lost: bool) -> None:
        if self.book.holder == self.owner:
            self.book.holder = None
            self.book.answer_lost |= answer_lost
            self.book.log.append(f"{self.owner} releases{', answer lost' * answer_lost}")

    async def answer_was_lost(self) -> bool:
        return self.book.answer_lost

    async def save(self, login: Login) -> Login:
        if self.book.failing_saves:
            error, *self.book.failing_saves = self.book.failing_saves
            raise error
        generation = (self.book.active.generation if self.book.active else 0) + 1
        self.book.active = replace(login, generation=generation)
        self.book.holder = None
        self.book.answer_lost = False
        self.book.log.append(f"{self.owner} saves {generation}")
        return self.book.active

    async def save_pending(self, login: Login) -> None:
        self.book.pending = login
        self.book.log.append(f"{self.owner} saves a pending login")
