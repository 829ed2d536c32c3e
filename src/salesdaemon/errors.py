"""The one exception tree: every message says what happened and what to do about it.

The *type* decides the policy. `UnavailableError` backs off, `RateLimitError` waits as told,
`AuthError` stops one shop until its owner acts, `PayloadError` sets one order aside.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class SalesDaemonError(Exception):
    """Anything that is expected to go wrong; printed as one line, without a traceback."""

    def __init__(self, what: str, *, fix: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what} {self.fix}" if self.fix else self.what


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the configuration; `key` is its dotted path, such as `mail.port`."""

    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.key}: {self.what}" if self.key else self.what


class ConfigError(SalesDaemonError):
    """The configuration is wrong or missing; holds every problem found. Exit code 78."""

    def __init__(self, problems: Sequence[Problem], *, source: str | None = None) -> None:
        self.problems = tuple(problems)
        where = f" in {source}" if source else ""
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''}{where}.")


class UsageError(SalesDaemonError):
    """A command was called with words it does not know. Exit code 2."""


class DomainError(SalesDaemonError):
    """A rule of money or time was broken by its caller."""


class CurrencyMismatchError(DomainError):
    """Two currencies met in one sum."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"{left} and {right} cannot be added together.")


class MarketplaceError(SalesDaemonError):
    """A marketplace did not do what was asked."""


class AuthError(MarketplaceError):
    """The marketplace refuses us until the owner acts; polling that shop stops."""


class WrongAccountError(AuthError):
    """A shop's name and the account its credentials open do not belong together."""


class RateLimitError(MarketplaceError):
    """The marketplace asks us to wait; `retry_after_seconds` is None if it names no time."""

    def __init__(
        self, what: str, *, retry_after_seconds: float | None = None, fix: str | None = None
    ) -> None:
        super().__init__(what, fix=fix)
        self.retry_after_seconds = retry_after_seconds


class UnavailableError(MarketplaceError):
    """The marketplace did not answer, or not with what it promised; worth trying again."""


class WindowTooWideError(UnavailableError):
    """The marketplace could not search that many days at once; a narrower window may do."""


class PayloadError(MarketplaceError):
    """An answer could not be read. `path` says where; the value itself is never told."""

    def __init__(self, what: str, *, path: str = "") -> None:
        super().__init__(f"{what} (at {path})" if path else what)
        self.path = path


class ExportError(SalesDaemonError):
    """A file is none of the marketplace's exports; says what was expected and what was found."""


class StoreError(SalesDaemonError):
    """The database could not be read or written."""


class SchemaOutdatedError(StoreError):
    """The database was made by an older or newer version."""


class AlreadyRunningError(StoreError):
    """Another daemon holds this database."""


class DeliveryError(SalesDaemonError):
    """A message did not reach its channel.

    `permanent` means that trying again cannot help; `retry_after_seconds` is what the service
    asked for, None where it did not say.
    """

    def __init__(
        self,
        what: str,
        *,
        permanent: bool,
        retry_after_seconds: float | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(what, fix=fix)
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds
