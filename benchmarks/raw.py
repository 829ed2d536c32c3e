"""The raw pipeline that ours is compared with: httpx, json and sqlite3, and nothing of ours.

`python -m benchmarks.raw MARKETPLACE URL DATABASE` reads all orders page by page, one request
after the other, and keeps a row for each order and each item, one transaction a page. It checks
nothing, converts nothing, remembers no place to go on from and stops at the first surprise.
"""

import json
import sqlite3
import sys
from collections.abc import Iterator
from typing import Any

import httpx

from benchmarks.stage import ACCESS

Order = dict[str, Any]
Rows = tuple[tuple[Any, ...], list[tuple[Any, ...]]]
ORDER_COLUMNS = 20
ITEM_COLUMNS = 6
PAGE = 100  # the most that Etsy gives at once
_OFFSET_END = 12_000  # Etsy's own limit


def pages(client: httpx.Client, marketplace: str) -> Iterator[list[Order]]:
    """Read every page of a marketplace's orders, newest first."""
    return etsy_pages(client) if marketplace == "etsy" else gumroad_pages(client)


def gumroad_pages(client: httpx.Client) -> Iterator[list[Order]]:
    """Follow Gumroad's page keys."""
    params: dict[str, str] = {}
    while True:
        answer = json.loads(client.get("/v2/sales", params=params).content)
        yield answer["sales"]
        if not answer.get("next_page_key"):
            return
        params = {"page_key": answer["next_page_key"]}


def etsy_pages(client: httpx.Client) -> Iterator[list[Order]]:
    """Step through Etsy's offsets, and begin again further back where they end."""
    client.headers["x-api-key"] = "pretend-keystring:pretend-secret"
    me = json.loads(client.get("/v3/application/users/me").content)
    path = f"/v3/application/shops/{me['shop_id']}/receipts"
    params: dict[str, Any] = {
        "limit": PAGE,
        "offset": 0,
        "sort_on": "created",
        "sort_order": "desc",
    }
    while True:
        orders = json.loads(client.get(path, params=params).content)["results"]
        yield orders
        if len(orders) < PAGE:
            return
        params["offset"] += PAGE
        if params["offset"] + PAGE > _OFFSET_END:
            params |= {"offset": 0, "max_created": orders[-1]["created_timestamp"]}


def gumroad_rows(sale: Order) -> Rows:
    """Pick an order's columns, and those of its one item."""
    names = (
        *("id", "order_id", "created_at", "price", "gumroad_fee", "currency", "currency_symbol"),
        *("formatted_total_price", "amount_refundable_in_currency", "paid", "refunded"),
        *("partially_refunded", "disputed", "dispute_won", "chargedback", "is_upgrade_purchase"),
        *("is_bundle_product_purchase", "subscription_id", "recurring_charge", "country_iso2"),
    )
    item = (sale["id"], 0, sale["product_id"], sale["product_name"], sale["quantity"])
    return tuple(sale.get(name) for name in names), [(*item, sale["price"])]


def etsy_rows(receipt: Order) -> Rows:
    """Pick an order's columns, and those of its items."""
    plain = (
        *("receipt_id", "status", "is_paid", "is_shipped", "country_iso", "created_timestamp"),
        *("updated_timestamp", "payment_method", "is_gift", "receipt_type"),
    )
    money = (
        *("grandtotal", "subtotal", "total_price", "total_shipping_cost", "total_tax_cost"),
        *("total_vat_cost", "discount_amt", "gift_wrap_price"),
    )
    row = (
        *(receipt[name] for name in plain),
        *(receipt[name]["amount"] for name in money),
        receipt["grandtotal"]["currency_code"],
        sum(refund["amount"]["amount"] for refund in receipt["refunds"]),
    )
    items: list[tuple[Any, ...]] = [
        (
            receipt["receipt_id"],
            place,
            item["listing_id"],
            item["title"],
            item["quantity"],
            item["price"]["amount"],
        )
        for place, item in enumerate(receipt["transactions"])
    ]
    return row, items


def read_all(marketplace: str, url: str, database: str) -> int:
    """Read all orders into a database; returns how many there were."""
    rows_of = etsy_rows if marketplace == "etsy" else gumroad_rows
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    columns = ", ".join(f"c{number}" for number in range(1, ORDER_COLUMNS))
    connection.execute(f"CREATE TABLE orders (id PRIMARY KEY, {columns})")
    columns = ", ".join(f"c{number}" for number in range(2, ITEM_COLUMNS))
    connection.execute(f"CREATE TABLE items (id, place, {columns}, PRIMARY KEY (id, place))")
    into_orders = f"INSERT OR REPLACE INTO orders VALUES ({','.join('?' * ORDER_COLUMNS)})"
    into_items = f"INSERT OR REPLACE INTO items VALUES ({','.join('?' * ITEM_COLUMNS)})"
    headers = {"Authorization": f"Bearer {ACCESS}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        for page in pages(client, marketplace):
            with connection:
                for order in page:
                    row, items = rows_of(order)
                    connection.execute(into_orders, row)
                    connection.executemany(into_items, items)
    (count,) = connection.execute("SELECT count(*) FROM orders").fetchone()
    connection.close()
    return int(count)


if __name__ == "__main__":
    print(read_all(*sys.argv[1:]))
