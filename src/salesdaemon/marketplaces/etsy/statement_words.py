"""The words of Etsy's statements in several languages, and what they make of a line."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from salesdaemon.domain.ledger import About, EntryKind

# The column Type, in the languages of the marketplace; the key is the English word.
_TYPES: Final[Mapping[str, str]] = {
    "sale": "sale, verkauf, venta, vente, vendita, verkoop, venda",
    "refund": "refund, rückerstattung, erstattung, reembolso, remboursement, rimborso, "
    "terugbetaling",
    "fee": "fee, fees, gebühr, gebühren, tarifa, tarifas, comisión, frais, tariffa, commissione, "
    "kosten, taxa, transaction, transaktion, transacción, transazione, transactie, transação",
    "marketing": "marketing, advertising, werbung, publicidad, publicité, pubblicità, publicidade",
    "vat": "vat, mwst, mwst., ust, ust., umsatzsteuer, mehrwertsteuer, iva, tva, btw, gst, hst",
    "tax": "tax, steuer, steuern, impuesto, impuestos, taxe, imposta, belasting, imposto",
    "buyer fee": "buyer fee",
    "deposit": "deposit, payout, disbursement, überweisung, auszahlung, einzahlung, depósito, "
    "dépôt, versement, virement, deposito, accredito, storting, uitbetaling",
    "shipping": "shipping, versand, envío, livraison, expédition, spedizione, verzending, envio",
    "payment": "payment, zahlung, pago, paiement, pagamento, betaling",
}
_TYPE_OF = {word: key for key, words in _TYPES.items() for word in words.split(", ")}

_CREDIT = r"(?:credit for |gutschrift (?:für|von) (?:die )?|crédito (?:por|de) )?"
_TRANSACTION_FEE = re.compile(
    _CREDIT + r"(?:transaction fee|transaktionsgebühr|(?:tarifa|comisión) (?:de|por) transacción"
    r"|frais de transaction|commissione (?:di|sulla|per) transazione|tariffa di transazione"
    r"|transactiekosten|taxa de transação)(?: on |:\s*|\s+(?:auf|für|por|sur)\s+)?(?P<what>.*)",
    re.DOTALL,
)
_PROCESSING_FEE = re.compile(
    _CREDIT + r"(?:payment )?(?:processing fee|zahlungsabwicklung|bearbeitungsgebühr"
    r"|(?:tarifa|comisión) (?:de|por) procesamiento|frais de traitement|tariffa di elaborazione"
    r"|commissione di elaborazione|verwerkingskosten|taxa de processamento)"
)
_LISTING_FEE = re.compile(
    _CREDIT + r"(?:listing fee|einstellgebühr|tarifa de publicación|frais de mise en vente"
    r"|tariffa di inserzione|plaatsingskosten|taxa de anúncio)"
)
_RENEWED_BY_SALE = re.compile(
    r"(?:auto-?\s?)?renew(?:ed)? sold|multi-quantity|transaction quantity"
)
_SHIPPING_WORDS = {
    *("shipping", "delivery", "postage", "versand", "envío", "livraison", "expédition"),
    *("spedizione", "verzending", "envio"),
}
_TAX_ON_FEE = re.compile(r"(?:vat|mwst\.?|ust\.?|iva|tva|btw|gst|hst)\b\s*:?")
_OFFSITE_ADS = re.compile(r"off-?site[ -]ads")
_PAID_BY_BUYER = re.compile(r"buyer|käufer|comprador|acheteur|acquirente|koper|sales tax")
_OF_A_FEE = re.compile(r"\bfees?\b|transaction|processing|gebühr|tarifa|frais")

_ORDER = re.compile(
    r"(?:\border\b|\bbestell\w*|\bpedido\b|\bcommande\b|\bordine\b|\bencomenda\b)"
    r"[^\w#]{0,3}(?:n\.?\s?[º°o]|nr|no|#)?\.?\s?[:#]?\s?(\d{1,20})\b",
    re.IGNORECASE | re.ASCII,
)
_PRODUCT = re.compile(
    r"(?:\blisting\b|\brenew sold[a-z ]*|\bauto-renew[a-z ]*|\bartikel\b|\banuncio\b|\bannonce\b"
    r"|\binserzione\b)[^\w#]{0,3}(?:nr|no|#)?\.?\s?[:#]?\s?(\d{1,20})\b",
    re.IGNORECASE,
)
_LINE = re.compile(r"\btransaction\b[^\w#]{0,3}#?:?\s?(\d{1,20})\b", re.IGNORECASE)
_REFERENCES = ((About.SALE, _ORDER), (About.PRODUCT, _PRODUCT), (About.LINE, _LINE))
_BARE = re.compile(r"\s*#?(\d{8,20})\s*", re.ASCII)
_NAME = re.compile(r"[^\W\d_]+(?:[ -][^\W\d_]+){0,2}")


@lru_cache(maxsize=4096)
def find_reference(title: str, info: str) -> tuple[About, str | None]:
    """Find the order, the line of an order, or the listing that a line is about.

    A title that ends in the name of a product is not searched: that may hold any number.
    """
    texts = [info]
    if _TRANSACTION_FEE.match(title.strip().casefold()) is None:
        texts.append(title)
    for text in texts:
        for about, pattern in _REFERENCES:
            if match := pattern.search(text):
                return about, match[1]
    match = _BARE.fullmatch(info)
    return (About.SHOP, None) if match is None else (About.SALE, match[1])


@lru_cache(maxsize=4096)
def classify(line_type: str, title: str, about: About) -> tuple[EntryKind, str]:
    """Tell what a line is, and name it; a name holds nothing of a product or a buyer.

    Fees that name no order or product are the shop's costs.
    """
    word = _TYPE_OF.get(line_type.strip().casefold(), "")
    text = " ".join(title.split()).casefold()
    of_sale = about in {About.SALE, About.LINE}
    if word in {"sale", "refund", "buyer fee", "deposit", "shipping"}:
        return _BY_TYPE[word], _name_of(word)
    if word == "tax" and _PAID_BY_BUYER.search(text):
        return EntryKind.TAX, "sales tax"
    if word == "vat" or _TAX_ON_FEE.match(text):
        renewed = about is About.PRODUCT and _RENEWED_BY_SALE.search(text)
        return _fee_or_cost(of_sale=of_sale or bool(renewed)), "VAT"
    if word == "tax" and not _OF_A_FEE.search(text):
        return EntryKind.TAX, "sales tax"
    return _fee(text, of_sale=of_sale) or _otherwise(word, line_type, of_sale=of_sale)


_BY_TYPE = {
    "sale": EntryKind.PAYMENT,
    "refund": EntryKind.REFUND,
    "buyer fee": EntryKind.TAX,
    "deposit": EntryKind.PAYOUT,
    "shipping": EntryKind.COST,
}


def _name_of(word: str) -> str:
    return {"sale": "payment", "shipping": "shipping label"}.get(word, word)


def _fee(text: str, *, of_sale: bool) -> tuple[EntryKind, str] | None:
    if match := _TRANSACTION_FEE.match(text):
        if match["what"].strip() in _SHIPPING_WORDS:
            return EntryKind.SHIPPING_FEE, "transaction fee: shipping"
        return EntryKind.ITEM_FEE, "transaction fee"
    if _RENEWED_BY_SALE.search(text):
        return EntryKind.FEE, "renewal"
    if _PROCESSING_FEE.match(text):
        return (EntryKind.PROCESSING_FEE if of_sale else EntryKind.COST), "processing fee"
    named = ((_LISTING_FEE, "listing fee"), (_OFFSITE_ADS, "offsite ads"))
    name = next((name for pattern, name in named if pattern.search(text)), None)
    return None if name is None else (_fee_or_cost(of_sale=of_sale), name)


def _fee_or_cost(*, of_sale: bool) -> EntryKind:
    return EntryKind.FEE if of_sale else EntryKind.COST


def _otherwise(word: str, line_type: str, *, of_sale: bool) -> tuple[EntryKind, str]:
    if word in {"fee", "tax"}:
        return _fee_or_cost(of_sale=of_sale), "fee"
    if word == "marketing":
        return _fee_or_cost(of_sale=of_sale), "ads"
    if word == "payment":
        return EntryKind.TRANSFER, "payment"
    plain = " ".join(line_type.split())
    return EntryKind.OTHER, plain if _NAME.fullmatch(plain) else "unknown"
