"""What every marketplace offers to the rest of the program, and the values that cross that line.

A marketplace's folder exposes one `MARKETPLACE`; everything else in it is its own affair.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from salesdaemon.domain.duration import parse_duration
from salesdaemon.domain.ledger import Entry, Payout
from salesdaemon.domain.login import Login
from salesdaemon.domain.sale import Sale
from salesdaemon.errors import DomainError


def _to_duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_duration(value)
    except DomainError as error:
        raise ValueError(str(error)) from error


Duration = Annotated[timedelta, BeforeValidator(_to_duration)]
"""A length of time in the configuration, written as "60s" or "2h"."""


class Section(BaseModel):
    """A table of the configuration: frozen, and an unknown key in it is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ShopSettings(Section):
    """What every `[shops.<name>]` table holds, whichever the marketplace."""

    marketplace: str = Field(description="Which marketplace this shop is on.")
    poll_every: Duration = Field(
        default=timedelta(seconds=60),
        ge=timedelta(seconds=1),
        description="How often to ask for new orders; slower by itself where limits ask for it.",
    )


@dataclass(frozen=True, slots=True)
class Account:
    """Whose orders these are: the marketplace's own id of the account, and its name."""

    external_id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Orders created from `first` up to but not including `end`; both aware, UTC.

    None leaves that side open. Marketplaces may widen a window to their own grain (a day).
    """

    first: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """An order that could not be read: its id (or place) and the kind of fault, never a value.

    `created_at` is None where even that could not be read.
    """

    external_id: str
    reason: str
    created_at: datetime | None = None


ODD_ORDER_ERRORS = (ArithmeticError, LookupError, TypeError, ValueError)
"""What an order nobody thought of may break in an adapter; it blocks itself, not its page."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a marketplace, newest order first.

    `cursor` leads to the next page and is None on the last one. `vendor_time` is the
    marketplace's clock when it answered. `oldest` is the creation of the page's last order,
    None for an empty page.
    """

    sales: tuple[Sale, ...]
    vendor_time: datetime
    cursor: str | None = None
    oldest: datetime | None = None
    set_aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Some lines of the books, in any order, and payouts that were listed beside them.

    `cursor` leads to the next page of the same window and is None on the last one. `vendor_time`
    is the marketplace's clock when it answered.
    """

    entries: tuple[Entry, ...]
    vendor_time: datetime
    cursor: str | None = None
    payouts: tuple[Payout, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """Whether one more sale of a product makes no work, as the catalogue has it, and why.

    `reason` is short and for people ("made to order"); `passive` is None where it does not tell.
    """

    passive: bool | None
    reason: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What a marketplace says about the requests it still grants; None where it does not say."""

    per_day: int | None = None
    remaining_today: int | None = None


class Feed(Protocol):
    """One connected shop. Every method may raise a `MarketplaceError`."""

    async def identify(self) -> Account:
        """Ask whose orders these credentials show."""
        ...

    async def fetch_newest(self, window: Window, cursor: str | None) -> Page:
        """Fetch a small page of the newest orders, or the page a cursor leads to."""
        ...

    async def fetch_window(self, window: Window, cursor: str | None) -> Page:
        """Fetch a full page of the orders created in a window, or the page a cursor leads to."""
        ...

    async def fetch_unpaid(self, known: Mapping[str, datetime]) -> Page:
        """Look again at orders known to be unpaid, given with their creation; may be empty."""
        ...

    async def fetch_tripwire(self, today: date) -> Mapping[str, str]:
        """Ask cheaply whether orders of the last 30 days moved.

        Returns marks by day (ISO date, or "" for the whole stretch); only a mark that differs
        from the last answer's means something. Empty where the marketplace has no such call.
        """
        ...

    async def fetch_ledger(self, window: Window, cursor: str | None) -> LedgerPage | None:
        """Fetch what was posted to the books in a window of at most 30 days, both ends given.

        A cursor leads on within the same window. None where these credentials may not read the
        books, or the marketplace keeps none.
        """
        ...

    async def fetch_catalogue(self, product_ids: Sequence[str]) -> Mapping[str, CatalogueEntry]:
        """Ask about products by their ids; those that the catalogue does not show are left out."""
        ...

    def limits(self) -> Limits:
        """Tell what the last answers said about the requests still granted."""
        ...


class LoginStore(Protocol):
    """Where one shop's login is kept, encrypted, and who may refresh it.

    Every method raises `StoreError` where the store cannot answer.
    """

    async def find(self) -> Login | None:
        """Return the login in force."""
        ...

    async def lease(self, generation: int) -> bool:
        """Reserve the refreshing of that login; False if another process has, or is past it."""
        ...

    async def release(self, *, answer_lost: bool) -> None:
        """Give the lease back without a new pair, noting whether an answer may have been lost."""
        ...

    async def answer_was_lost(self) -> bool:
        """Tell whether an earlier refresh of the login in force went out without an answer."""
        ...

    async def save(self, login: Login) -> Login:
        """Keep a refreshed pair, on disk before this returns, and give the lease back."""
        ...

    async def save_pending(self, login: Login) -> None:
        """Keep a pair from a new sign-in, on disk before this returns, beside the one in force."""
        ...


class Reply(Protocol):
    """What came back over HTTP. Header names are lower case."""

    @property
    def status(self) -> int: ...  # noqa: D102 - see the class

    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102 - see the class

    @property
    def body(self) -> bytes: ...  # noqa: D102 - see the class

    @property
    def received_at(self) -> datetime: ...  # noqa: D102 - see the class


class HttpClient(Protocol):
    """The one way to the network. Redirects are not followed."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        repeat: bool = True,
    ) -> Reply:
        """Send a request and return the answer, whatever its status.

        `repeat` allows a second try after a broken connection or a 5xx.

        Raises:
            UnavailableError: no whole answer came.
        """
        ...


class Browser(Protocol):
    """The owner's browser, for signing in."""

    async def sign_in(self, url: str, redirect_uri: str) -> str:
        """Show the address to open and return the one the marketplace redirected to."""
        ...


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file that the owner downloaded: its name and its text, decoded."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read: its number in the file, the column, and why, never a value."""

    number: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExportRows:
    """What an export holds. `kind` is for people ("order items"), `rows` how many it had.

    Sales know their day only (`Sale.sold_on`) unless the export tells the second. `parts` says
    which of a sale's facts this kind of export knows, so that two kinds can be put together.
    """

    kind: str
    rows: int
    sales: tuple[Sale, ...] = ()
    entries: tuple[Entry, ...] = ()
    bad: tuple[BadRow, ...] = ()
    parts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `check` or `auth`: whether it is well, what was looked at, and the fix if not."""

    ok: bool
    what: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Authorised:
    """The account that a sign-in or token opens, and what it may read."""

    account: Account
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """What a marketplace needs to reach one shop; `settings` is of its own model."""

    shop: str
    settings: Any
    http: HttpClient
    logins: LoginStore
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Marketplace:
    """What a marketplace's folder exposes as `MARKETPLACE`.

    `connect` is cheap and touches nothing. `authorise` signs in or checks a token and leaves a
    new pair pending in the login store. `check` makes live calls and reports instead of raising.
    `login_key` names what a login belongs to (an app's public key), None where the settings hold
    everything. `earliest` is a day before any order can have been made. `books_every` is how often
    the books are looked at. `login_lasts` is how long a login is good without being renewed, and
    `key_dormant_after` how long a key may rest before it is put to sleep; None for ever.
    `read_export` turns the marketplace's own files into sales; None where
    there are none.
    """

    slug: str
    label: str
    settings: type[ShopSettings]
    connect: Callable[[Connection], Feed]
    authorise: Callable[[Connection, Browser], Awaitable[Authorised]]
    check: Callable[[Connection], Awaitable[Sequence[Finding]]]
    earliest: datetime
    login_key: Callable[[Any], str] | None = None
    books_every: timedelta = timedelta(minutes=15)
    login_lasts: timedelta | None = None
    key_dormant_after: timedelta | None = None
    read_export: Callable[["ExportFile", Any], "ExportRows"] | None = None
