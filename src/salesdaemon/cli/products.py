"""`products`: what was sold, whether one more sale of it makes work, and what it paid."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import typer

from salesdaemon.application import Application
from salesdaemon.cli.options import Format, FormatOption
from salesdaemon.cli.output import Column, Record, print_listing
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.domain.effort import CatalogueWord, classify
from salesdaemon.domain.exchange import RateBook, convert
from salesdaemon.domain.money import Money, to_text
from salesdaemon.domain.product_facts import (
    Effort,
    ProductFacts,
    add_days,
    assign,
    gather,
    key_of,
)
from salesdaemon.settings import Settings
from salesdaemon.store.effort import list_effort
from salesdaemon.store.engine import Connection
from salesdaemon.store.product_sales import iterate_product_sales
from salesdaemon.store.products import load_catalogue
from salesdaemon.store.rates import load_book

CLASS = {True: "passive", False: "active", None: None}


@dataclass(frozen=True, slots=True)
class _Found:
    """Products as they are printed, and the names of time that means none of them."""

    products: Sequence[Record]
    unknown: Sequence[str]
    totals: Sequence[str]


def products(context: typer.Context, *, form: FormatOption = Format.TABLE) -> None:
    """List products, what they brought and what they took."""

    async def work(app: Application) -> _Found:
        with app.store.read() as connection:
            return _find(app, connection)

    found = in_application(context, work)
    if print_listing(found.products, _COLUMNS, form) == 0:
        say("No products yet.")
    if form is Format.TABLE:
        for line in found.totals:
            say(line)
    for name in found.unknown:
        say(f"Time was put into {name}, and nothing of that name was sold yet.")


def _find(app: Application, connection: Connection) -> _Found:
    gathered = gather(iterate_product_sales(connection))
    efforts = [Effort(one.product, one.minutes, one.spent_on) for one in list_effort(connection)]
    unknown = assign(efforts, gathered)
    worked_on = [product for product in gathered if product.effort]
    if worked_on:
        keys = {key for product in worked_on if (key := key_of(product)) is not None}
        add_days(iterate_product_sales(connection, keys), worked_on)
    paid_back_on = _pay_back(connection, worked_on, app.settings)
    catalogue = load_catalogue(connection)
    records = [
        _json(product, _class(app, product, catalogue), paid_back_on(product))
        for product in gathered
    ]
    return _Found(records, unknown, list(_totals(gathered)))


def _class(
    app: Application, product: ProductFacts, catalogue: Mapping[tuple[int, str], CatalogueWord]
) -> tuple[bool | None, str]:
    return classify(
        product.passive,
        shop=product.shop,
        product=product.title,
        overrides=app.overrides,
        catalogue=catalogue.get((product.account_id, product.product_id or "")),
    )


def _pay_back(
    connection: Connection, worked_on: Iterable[ProductFacts], settings: Settings
) -> Callable[[ProductFacts], date | None]:
    """Return what tells the day a product paid back; nothing does where no hour has a price.

    What was earned in a currency without a rate does not count.
    """
    text = settings.effort.hour
    if text is None:
        return lambda _: None
    hour = Money.parse(*text.split())
    currencies = {hour.currency, *(code for product in worked_on for code in product.net)}
    foreign = len(currencies) > 1
    book = load_book(connection, currencies=currencies) if foreign else RateBook(())

    def worth(net_minor: int, currency: str, day: date) -> int:
        conversion = book.find(currency, hour.currency, day)
        return convert(net_minor, currency, hour.currency, conversion) if conversion else 0

    return lambda product: product.paid_back_on(hour.amount_minor, worth)


def _json(
    product: ProductFacts, verdict: tuple[bool | None, str], paid_back: date | None
) -> dict[str, Any]:
    minutes, touched = product.minutes, product.last_effort
    passive, reason = verdict
    return {
        "shop": product.shop,
        "product_id": product.product_id,
        "product": product.title,
        "class": CLASS[passive],
        "reason": reason,
        "units": product.units,
        "net": _texts(product.net),
        "through_affiliates": _texts(product.through_affiliates),
        "first_sale": product.first_sale.isoformat(),
        "last_sale": product.last_sale.isoformat(),
        "hours": round(minutes / 60, 2) if touched else None,
        "net_per_hour": _texts(product.net_per_hour()) if touched else None,
        "paid_back_on": paid_back.isoformat() if paid_back else None,
        "last_effort": touched.isoformat() if touched else None,
        "earned_since": _texts(product.earned_since_last_effort()) if touched else None,
    }


def _texts(amounts: Mapping[str, int]) -> dict[str, str]:
    return {code: to_text(minor, code) for code, minor in sorted(amounts.items())}


def _totals(gathered: Iterable[ProductFacts]) -> Iterator[str]:
    """Say for each currency how much there is, and how much of it came through affiliates."""
    sums: Counter[str] = Counter()
    shared: Counter[str] = Counter()
    for product in gathered:
        sums.update(product.net)
        shared.update(product.through_affiliates)
    for code, net in sorted(sums.items()):
        through = to_text(shared[code], code)
        yield f"{to_text(net, code)} {code} net, {through} of it through affiliates."


def _amounts_of(record: Record, name: str) -> str:
    return " + ".join(f"{text} {code}" for code, text in (record[name] or {}).items())


def _amounts(name: str) -> Column:
    return Column(name, lambda record: _amounts_of(record, name), number=True)


_COLUMNS = (
    Column("shop"),
    Column("product_id"),
    Column("product", title=True),
    Column("class", lambda record: record["class"] or "unknown"),
    Column("reason", prose=True),
    Column("units", number=True),
    _amounts("net"),
    _amounts("through_affiliates"),
    Column("first_sale"),
    Column("last_sale"),
    Column("hours", number=True),
    _amounts("net_per_hour"),
    Column("paid_back_on"),
    Column("last_effort"),
    _amounts("earned_since"),
)
