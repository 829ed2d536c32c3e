"""How a sale of the pretend shop looks as JSON.

A sale is joined from parts: its own facts (kept as bytes until a refund or a dispute changes
them), its product, its buyer, and the fields that the vendor changes from one read to the next.
Every field that tells of the buyer holds the word CANARY, so that a leak can be searched for.

Source: Gumroad's public source (`Purchase#as_json`, `responseFieldDefinitions.ts`), read 2026-11.
"""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from salesdaemon.marketplaces.gumroad.pretend_money import (
    formatted,
    refundable,
    symbol_of,
    usd_text,
)
from salesdaemon.marketplaces.gumroad.pretend_sale import Product, Sale, half_up

ABSENT = object()
"""As the value of a raw field: leave the key out."""
BUYERS = 101
MOODS = 97
COUNTRIES = {
    "AU": "Australia",
    "BR": "Brazil",
    "CA": "Canada",
    "DE": "Germany",
    "FR": "France",
    "GB": "United Kingdom",
    "IN": "India",
    "JP": "Japan",
    "US": "United States",
}
_encode = msgspec.json.Encoder().encode


class SaleWriter:
    """Writes sales as the vendor does for one seller."""

    def __init__(
        self, *, seller_id: str, zone: ZoneInfo, explicit_nulls: bool, omit_currency: bool
    ) -> None:
        self._seller_id = seller_id
        self._zone = zone
        self._explicit_nulls = explicit_nulls
        self._omit_currency = omit_currency
        self._buyers = [_encode(self._kept(buyer(number)))[1:-1] for number in range(BUYERS)]
        self._moods = {
            (licensed, subscribed): [
                _encode(_mood(tick, licensed=licensed, subscribed=subscribed))[1:-1]
                for tick in range(MOODS)
            ]
            for licensed in (False, True)
            for subscribed in (False, True)
        }

    def write(self, sale: Sale, tick: int) -> bytes:
        """Write one sale; `tick` counts reads, and moves what the vendor moves."""
        if sale.overrides:
            return self.write_with(sale, tick, {})
        mood = self._moods[sale.product.licensed, sale.subscription_id is not None]
        return b"".join(
            (
                sale.encoded or self.warm(sale),
                sale.product.encoded or self._warm_product(sale.product),
                b",",
                self._buyers[sale.order_id % BUYERS],
                b",",
                mood[tick % MOODS],
                b',"quantity":%d}' % sale.quantity,
            )
        )

    def write_with(self, sale: Sale, tick: int, fields: dict[str, object]) -> bytes:
        """Write one sale with some of its raw fields replaced, whatever their types."""
        subscribed = sale.subscription_id is not None
        whole: dict[str, object] = {
            **self._kept(self._own(sale)),
            **self._kept(_product_fields(sale.product)),
            **self._kept(buyer(sale.order_id % BUYERS)),
            **_mood(tick, licensed=sale.product.licensed, subscribed=subscribed),
            "quantity": sale.quantity,
            **sale.overrides,
            **fields,
        }
        kept = {key: value for key, value in whole.items() if value is not ABSENT}
        return text_of(kept)

    def warm(self, sale: Sale) -> bytes:
        """Write a sale's own facts ahead of time, up to the comma before its product."""
        sale.encoded = _encode(self._kept(self._own(sale)))[:-1] + b","
        return sale.encoded

    def _warm_product(self, product: Product) -> bytes:
        product.encoded = text_of(self._kept(_product_fields(product)))[1:-1]
        return product.encoded

    def _kept(self, fields: dict[str, object]) -> dict[str, object]:
        if self._explicit_nulls:
            return fields
        return {key: value for key, value in fields.items() if value is not None}

    def _own(self, sale: Sale) -> dict[str, object]:
        local = datetime.fromtimestamp(sale.created, self._zone)
        return {
            "id": sale.id,
            "order_id": sale.order_id,
            "seller_id": self._seller_id,
            "created_at": sale.created_text,
            "daystamp": local.strftime("%e %b %Y %l:%M %p"),
            **_money(sale, currency=None if self._omit_currency else sale.currency),
            **_state(sale),
            **_subscription(sale),
            **_traces(sale),
        }


def text_of(value: object) -> bytes:
    """Write anything as JSON: a lone surrogate too, as the escape in which one arrives."""
    return json.dumps(value, separators=(",", ":")).encode()


def _money(sale: Sale, *, currency: str | None) -> dict[str, object]:
    listed = formatted(sale.listed_total, sale.currency, monthly=sale.subscription_id is not None)
    return {
        "price": sale.price,
        "gumroad_fee": sale.fee,
        "currency": currency,
        "currency_symbol": symbol_of(sale.currency),
        "formatted_display_price": listed,
        "formatted_total_price": listed,
        "amount_refundable_in_currency": refundable(sale),
        "paid": sale.price != 0,
        "tip_cents": sale.tip,
        "variants_price_cents": 0,
        "buyer_presentment": _presentment(sale),
        "discover_fee_charged": sale.discover,
        "discover_fee_percentage": 30 if sale.discover else None,
        "affiliate": None
        if sale.affiliate is None
        else {"email": "CANARY-affiliate@example.com", "amount": usd_text(sale.affiliate)},
        **(_own_processor(sale) if sale.own_processor else {}),
    }


def _own_processor(sale: Sale) -> dict[str, object]:
    reference = f"ch_{sale.order_id:x}"
    return {
        "payment_processor": "paypal" if sale.order_id % 2 else "stripe",
        "processor_transaction_id": reference,
        "processor_fee_cents": sale.price * 29 // 1000 + 30,
        "processor_fee_currency": "usd",
        "transaction_url_for_seller": f"https://pay.example.com/{reference}",
    }


def _presentment(sale: Sale) -> dict[str, object] | None:
    if sale.presentment is None:
        return None
    total = sale.presentment.get("total_cents")
    refunded = 0
    if isinstance(total, int) and sale.charged:
        refunded = half_up(total * sale.refunded, sale.charged)
    return {"refunded_cents": refunded, **sale.presentment}


def _state(sale: Sale) -> dict[str, object]:
    return {
        "refunded": sale.refunded == sale.charged if sale.charged else None,
        "partially_refunded": 0 < sale.refunded < sale.charged,
        "disputed": sale.disputed,
        "dispute_won": sale.dispute_won,
        "chargedback": sale.chargedback,
        "access_revoked": False,
        "is_additional_contribution": False,
        "is_upgrade_purchase": sale.upgrade,
        "is_bundle_purchase": sale.bundle,
        "is_bundle_product_purchase": sale.bundle_item,
        "is_gift_sender_purchase": False,
        "is_gift_receiver_purchase": False,
        "sent_abandoned_cart_email": False,
        "is_more_like_this_recommended": False,
        "variants_and_quantity": f"(Qty: {sale.quantity})" if sale.quantity > 1 else "",
    }


def _subscription(sale: Sale) -> dict[str, object]:
    if sale.subscription_id is None:
        return {}
    ends = datetime.fromtimestamp(sale.created, UTC) + timedelta(days=7)
    return {
        "subscription_id": sale.subscription_id,
        "recurring_charge": sale.recurring,
        "free_trial_ends_on": f"{ends:%b} {ends.day}, {ends.year}" if sale.trial else None,
        "cancellation_date": None,
        "subscription_end_date": None,
    }


def _traces(sale: Sale) -> dict[str, object]:
    """What is the buyer's and differs from sale to sale."""
    paypal = sale.own_processor and sale.order_id % 2
    return {
        "country": None if sale.country is None else COUNTRIES.get(sale.country, sale.country),
        "country_iso2": sale.country,
        "card": {
            "visual": "CANARY-paypal@example.com" if paypal else "**** **** **** CANARY",
            "type": "paypal" if paypal else "visa",
            "bin": None,
            "expiry_month": None,
            "expiry_year": None,
        },
        "license_key": sale.license_key,
        "license_id": f"CANARY-license-{sale.order_id}" if sale.product.licensed else None,
        "license_disabled": False if sale.product.licensed else None,
        "is_multiseat_license": False if sale.product.licensed else None,
    }


def _product_fields(product: Product) -> dict[str, object]:
    return {
        "product_id": product.id,
        "product_permalink": product.permalink,
        "product_name": product.name,
        "product_has_variants": False,
        "has_variants": False,
        "is_product_physical": product.physical,
        "is_recurring_billing": product.subscription,
        "subscription_duration": "monthly" if product.subscription else None,
    }


def buyer(number: int) -> dict[str, object]:
    """Describe one of the buyers, by the vendor's field names."""
    return {
        "email": f"CANARY-account-{number}@example.com",
        "purchase_email": f"CANARY-typed-{number}@example.com",
        "full_name": f"CANARY Full Name {number}",
        "giftee_email": f"CANARY-giftee-{number}@example.com",
        "gifter_email": f"CANARY-gifter-{number}@example.com",
        "street_address": f"{number} CANARY Street",
        "city": "CANARY City",
        "state": "CANARY State",
        "zip_code": f"CANARY-{number:05}",
        "purchaser_id": f"CANARY-purchaser-{number}",
        "referrer": f"https://CANARY.example.com/{number}",
        "utm_source": "CANARY-source",
        "ip": f"CANARY-192.0.2.{number}",
        "has_custom_fields": True,
        "custom_fields": {"CANARY question": f"CANARY answer {number}", "Newsletter": True},
        "tracking_url": None,
    }


def _mood(tick: int, *, licensed: bool, subscribed: bool) -> dict[str, object]:
    """What the vendor changes by itself from one read to the next."""
    mood: dict[str, object] = {
        "timestamp": f"about {tick % MOODS + 2} minutes ago",
        "product_rating": None,
        "reviews_count": 40 + tick % MOODS,
        "average_rating": 4 + tick % 10 / 10,
        "can_contact": tick % 2 == 0,
        "is_following": tick % 3 == 0,
        "paypal_refund_expired": tick % 5 == 0,
    }
    if licensed:
        mood["license_uses"] = tick % MOODS
    if subscribed:
        flags = ("cancelled", "dead", "ended", "free_trial_ended")
        mood |= {flag: (tick + place) % 2 == 0 for place, flag in enumerate(flags)}
    return mood
