"""Turn what Gumroad sends into a `Sale`: pure, no network, no clock.

Every amount is US cents, whatever currency the product is listed in. Where Gumroad shows an
amount only in the listed currency, the share of it is applied to the price in dollars.
"""

import re
from datetime import UTC, datetime

from salesdaemon.domain.money import proportion
from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.errors import PayloadError
from salesdaemon.marketplaces.base import Account
from salesdaemon.marketplaces.gumroad.wire import BuyerPresentment, User, WireSale

_LARGEST_AMOUNT = 10**15
_LARGEST_QUANTITY = 2**31 - 1
_LONGEST_ID = 255

# What is retained of a refund for the card processor: 2.9 % and 30 cents, in its share.
_RETAINED_PER_MILLE = 29
_RETAINED_FIXED = 30

_NUMBER = re.compile(
    r"(?<![0-9.,-])(?P<whole>[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,15})(?:\.(?P<part>[0-9]{1,2}))?"
    r"(?![0-9]|[.,][0-9])(?P<cents> ?¢)?"
)


def to_sale(wire: WireSale) -> Sale:
    """Turn one Gumroad sale into a sale of ours.

    Amounts are US cents. `paid_at` is the beginning of the checkout: Gumroad does not tell when
    a slow payment arrived, so such a sale appears late with an old time.

    Raises:
        PayloadError: the id, the time or the price is missing, or an amount makes no sense.

    Source: antiwork/gumroad app/models/purchase.rb, app/models/credit.rb (read 2026-11).
    """
    external_id = _read_id(wire.id)
    created_at = read_time(wire.created_at)
    price = _read_amount(wire.price, "price")
    kind = _classify(wire, price)
    status = _stand(wire)
    gross = 0 if kind in _NOTHING_CHARGED else price
    # A fee that is missing counts as none, and the sale says that it is an estimate.
    fees = _read_amount(wire.gumroad_fee or 0, "gumroad_fee") if gross else 0
    plain = status is Status.PAID and not _is_own_processor(wire) and wire.gumroad_fee is not None
    refunded, refunded_exact = _refund(wire, status, gross) if gross else (0, True)
    return Sale(
        external_id=external_id,
        kind=kind,
        status=status,
        paid=True,
        created_at=created_at,
        paid_at=created_at,
        currency="USD",
        gross_minor=gross,
        items=(_to_item(wire, gross),),
        refunded_minor=refunded,
        refunded_exact=refunded_exact,
        fees_minor=fees,
        fees_refunded_minor=_returned_fees(wire, status, gross, refunded, fees) if refunded else 0,
        fees_exact=plain or not gross,
        affiliate_minor=_affiliate(wire, status, gross, refunded) if gross else 0,
        country=_read_country(wire),
        pays_late=True,
    )


_NOTHING_CHARGED = frozenset({Kind.BUNDLE_ITEM, Kind.TRIAL})


def to_account(user: User) -> Account:
    """Turn the owner of a token into an account of ours.

    Raises:
        PayloadError: it has no id.
    """
    external_id = user.user_id or user.id
    if not external_id:
        raise PayloadError("Gumroad did not say whose token this is", path="user.user_id")
    return Account(str(external_id), user.display_name or user.name or None)


def read_time(text: str | None) -> datetime:
    """Read Gumroad's `created_at`, with or without fractions of a second, as aware UTC.

    Raises:
        PayloadError: it is missing, no time, or without a zone.
    """
    if text is None:
        raise PayloadError("The time of the sale is missing", path="created_at")
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is UTC:
            return moment
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    # The cause would quote the value.
    raise PayloadError("The time of the sale is not readable", path="created_at")


def _read_id(text: str | None) -> str:
    if not text or len(text) > _LONGEST_ID:
        raise PayloadError("The id is missing or too long", path="id")
    return text


def _read_amount(cents: int | None, path: str) -> int:
    if cents is None:
        raise PayloadError("An amount is missing", path=path)
    if not 0 <= cents <= _LARGEST_AMOUNT:
        raise PayloadError("An amount is negative or too large", path=path)
    return cents


def _classify(wire: WireSale, price: int) -> Kind:
    if wire.is_bundle_product_purchase:
        return Kind.BUNDLE_ITEM
    if (
        wire.free_trial_ends_on
        and wire.subscription_id
        and not wire.recurring_charge
        and not wire.is_upgrade_purchase
    ):
        # Listed with a full price and `paid: true`, although nothing was charged.
        return Kind.TRIAL
    if not price:
        return Kind.FREE
    if wire.recurring_charge and not wire.is_upgrade_purchase:
        return Kind.RENEWAL
    return Kind.SALE


def _stand(wire: WireSale) -> Status:
    if wire.chargedback or (wire.disputed and not wire.dispute_won):
        return Status.DISPUTED
    if wire.refunded:
        return Status.REFUNDED
    if wire.partially_refunded:
        return Status.PARTIALLY_REFUNDED
    return Status.PAID


def _is_own_processor(wire: WireSale) -> bool:
    """Tell whether the buyer paid into the seller's own PayPal or Stripe account."""
    return bool(wire.payment_processor or wire.transaction_url_for_seller)


def _to_item(wire: WireSale, gross: int) -> LineItem:
    quantity = wire.quantity or 1
    if quantity > _LARGEST_QUANTITY:
        raise PayloadError("The quantity is too large", path="quantity")
    return LineItem(
        product_id=wire.product_id or None,
        product=wire.product_name or None,
        quantity=max(quantity, 1),
        gross_minor=gross,
        # Gumroad does not name its product types: commissions and calls look like files.
        passive=not wire.is_product_physical,
    )


def _read_country(wire: WireSale) -> str | None:
    for code in (wire.country_iso2, wire.country):
        # ß and its like grow when they are made upper case, so the letters are checked first.
        if code and len(code) == 2 and code.isascii() and code.isalpha():  # noqa: PLR2004 - ISO 3166-1 alpha-2
            return code.upper()
    return None


def _refund(wire: WireSale, status: Status, gross: int) -> tuple[int, bool]:
    """Return what was given back of `gross`, and whether Gumroad says so exactly."""
    if status is Status.PAID:
        return 0, True
    if status is not Status.PARTIALLY_REFUNDED:
        return gross, True
    left = _read_hundredths(wire.amount_refundable_in_currency)
    if left and _is_listed_in_dollars(wire) and left < gross:
        return gross - left, True
    if (dollars := _refunded_dollars(wire, gross)) is not None:
        return dollars, True
    # "0" means that the processor is gone, not that nothing is left to refund.
    return _derive_refund(wire, gross, left), False


def _refunded_dollars(wire: WireSale, gross: int) -> int | None:
    """Return what the buyer was given back in dollars, where the price was charged in them.

    No other currency makes it certain: each refund was rounded to it, and the number of refunds
    is not told.
    """
    charged = wire.buyer_presentment or BuyerPresentment()
    back = charged.refunded_cents
    if (charged.currency or "").lower() != "usd" or charged.total_cents != gross or back is None:
        return None
    return back if 0 < back < gross else None


def _derive_refund(wire: WireSale, gross: int, left: int | None) -> int:
    charged = wire.buyer_presentment or BuyerPresentment()
    if charged.refunded_cents and charged.total_cents:
        return _share(gross, charged.refunded_cents, charged.total_cents)
    total = _find_hundredths(wire.formatted_total_price)
    if left and total:
        # Both are in the listed currency as shown, so its number of decimals does not matter.
        return _share(gross, total - left, total)
    return 0


def _share(gross: int, part: int, whole: int) -> int:
    if part <= 0 or whole <= 0:
        return 0
    return min(proportion(gross, part, whole), gross)


def _is_listed_in_dollars(wire: WireSale) -> bool:
    if wire.currency:
        return wire.currency.lower() == "usd"
    # The field is younger than the API; the bare sign stands for no other dollar.
    return wire.currency_symbol == "$"


def _returned_fees(wire: WireSale, status: Status, gross: int, refunded: int, fees: int) -> int:
    """Return what Gumroad gives back of its fee: its share less what the processor keeps.

    Negative where the processor keeps more than the fee's share: the seller pays the rest.
    """
    share = fees * refunded // gross
    if status is Status.DISPUTED or _is_own_processor(wire):
        return share
    dividend = refunded * (_RETAINED_PER_MILLE * gross + 1000 * _RETAINED_FIXED)
    divisor = 1000 * gross
    retained = (2 * dividend + divisor) // (2 * divisor)  # half up, as Ruby rounds
    return share - retained


def _affiliate(wire: WireSale, status: Status, gross: int, refunded: int) -> int:
    if status is Status.DISPUTED or wire.affiliate is None or wire.affiliate.amount is None:
        return 0
    amount = _find_hundredths(wire.affiliate.amount)
    if amount is None:
        raise PayloadError("The affiliate's share is not readable", path="affiliate.amount")
    return amount * (gross - refunded) // gross


def _read_hundredths(text: str | None) -> int | None:
    """Read a text that is nothing but a number, such as "1,907" or "7.51"."""
    match = _NUMBER.fullmatch(text.strip()) if text else None
    return _to_hundredths(match)


def _find_hundredths(text: str | None) -> int | None:
    """Read the first number of a text such as "€19.99 a month" or "99¢"."""
    return _to_hundredths(_NUMBER.search(text)) if text else None


def _to_hundredths(match: re.Match[str] | None) -> int | None:
    if match is None:
        return None
    whole = int(match["whole"].replace(",", ""))
    if match["cents"]:
        return whole
    return whole * 100 + int((match["part"] or "").ljust(2, "0"))
