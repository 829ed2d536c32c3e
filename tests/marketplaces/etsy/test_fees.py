"""What Etsy is likely to charge, by country and by what the owner knows better."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from salesdaemon.marketplaces.base import Window
from salesdaemon.marketplaces.etsy.fees import (
    Amount,
    Overrides,
    Processing,
    Tariff,
    estimate,
    parse_amount,
    parse_processing,
    parse_share,
)
from tests.fakes.http import ScriptedHttp, says
from tests.marketplaces.etsy.connecting import SHOP_ID, connection, feed_of
from tests.marketplaces.etsy.receipts import money, page, receipt


@pytest.mark.parametrize(
    ("country", "currency", "fees"),
    [
        pytest.param(None, "EUR", 650 + 400 + 30, id="the euro's usual rates"),
        pytest.param("FR", "EUR", 650 + 400 + 30 + 47, id="France, with its regulatory fee"),
        pytest.param("ES", "EUR", 650 + 400 + 30 + 40, id="Spain"),
        pytest.param("IT", "EUR", 650 + 400 + 30 + 32, id="Italy"),
        pytest.param("DE", "EUR", 650 + 400 + 30, id="Germany, which has none"),
        pytest.param("TR", "TRY", 650 + 400 + 110, id="Turkey"),
        pytest.param("US", "USD", 650 + 300 + 25 + 20, id="the United States"),
        pytest.param("DE", "USD", 650 + 400 + 20, id="euros of a shop in dollars are left out"),
        pytest.param("PL", "PLN", 650 + 400, id="a country that is not in the table"),
    ],
)
def test_fees_are_estimated_by_country(country: str | None, currency: str, fees: int) -> None:
    assert Tariff(country).estimate(10_000, currency, 1) == fees


def test_a_payment_costs_its_share_of_the_tax_too_and_the_rest_does_not() -> None:
    tariff = Tariff("FR")
    taxed = tariff.estimate(10_000, "EUR", 1, charged_minor=12_000)
    assert taxed == 650 + 480 + 30 + 47
    assert tariff.estimate(10_000, "EUR", 1) == estimate(10_000, "EUR", 1) + 47


def test_a_free_sale_costs_nothing() -> None:
    assert Tariff("US").estimate(0, "USD", 3) == 0


def test_what_the_owner_knows_better_wins_and_tax_comes_upon_all_of_it() -> None:
    known = Overrides(
        transaction=5000,
        processing=Processing(4500, Amount(Decimal("0.40"))),
        regulatory=0,
        vat=20_000,
        renewal=Amount(Decimal("0.18"), "EUR"),
    )
    fees = 500 + 450 + 40 + 2 * 18
    assert Tariff("FR", known).estimate(10_000, "EUR", 2) == fees + 205
    in_yen = Tariff(None, Overrides(processing=Processing(0, Amount(Decimal("12.5")))))
    assert in_yen.estimate(1000, "JPY", 1) == 65 + 12


@pytest.mark.parametrize(
    ("text", "share"), [("6.5 %", 6500), ("6.5%", 6500), (" 20 % ", 20_000), ("0.325 %", 325)]
)
def test_a_share_is_read_exactly(text: str, share: int) -> None:
    assert parse_share(text) == share


@pytest.mark.parametrize(
    ("text", "processing"),
    [
        ("4 % + 0.30", Processing(4000, Amount(Decimal("0.30")))),
        ("3%+0.25 USD", Processing(3000, Amount(Decimal("0.25"), "USD"))),
        ("6.5 %", Processing(6500, Amount(Decimal(0)))),
    ],
)
def test_what_a_payment_costs_is_read_exactly(text: str, processing: Processing) -> None:
    assert parse_processing(text) == processing


def test_an_amount_is_read_exactly() -> None:
    assert [parse_amount("0.20 USD"), parse_amount("3")] == [
        Amount(Decimal("0.20"), "USD"),
        Amount(Decimal(3)),
    ]


SHARE = 'must be a share such as "6.5 %".'
PROCESSING = 'must be a share, and what is added to it, such as "4 % + 0.30".'
AMOUNT = 'must be an amount such as "0.20 USD", or "0.30" in your shop\'s currency.'


@pytest.mark.parametrize(
    ("key", "text", "sentence"),
    [
        ("transaction", "6,5 %", SHARE),
        ("transaction", "0.065", SHARE),
        ("vat", "120 %", SHARE),
        ("regulatory", "-1 %", SHARE),
        ("processing", "0.30 + 4 %", PROCESSING),
        ("processing", "4 % +", PROCESSING),
        ("renewal", "0.20 $", AMOUNT),
        ("renewal", "20 cents", AMOUNT),
    ],
)
def test_a_rate_written_in_another_way_is_refused_with_an_example(
    key: str, text: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        connection(ScriptedHttp(), fees={key: text})
    (error,) = raised.value.errors()
    assert (error["loc"], str(error["ctx"]["error"])) == (("fees", key), sentence)


@pytest.mark.parametrize(("text", "code"), [("de", "DE"), ("UK", "GB"), (" fr ", "FR")])
def test_a_country_is_read_in_any_case(text: str, code: str) -> None:
    assert connection(ScriptedHttp(), country=text).settings.country == code


def test_a_country_that_is_no_code_is_refused() -> None:
    with pytest.raises(ValidationError):
        connection(ScriptedHttp(), country="Germany")


@pytest.mark.parametrize(
    ("settings", "fees"),
    [
        ({}, 650 + 400 + 30),
        ({"country": "FR"}, 650 + 400 + 30 + 47),
        ({"fees": {"transaction": "10 %", "vat": "19 %"}}, 1000 + 400 + 30 + 272),
    ],
    ids=["nothing", "the country", "rates"],
)
async def test_what_is_configured_decides_the_estimate_of_an_order(
    settings: dict[str, Any], fees: int
) -> None:
    total = {"grandtotal": money(10_000), "total_price": money(10_000)}
    http = ScriptedHttp(says(page([receipt(**total)])))
    feed = feed_of(connection(http, shop_id=SHOP_ID, **settings))
    (sale,) = (await feed.fetch_newest(Window(), None)).sales
    assert (sale.fees_minor, sale.fees_exact) == (fees, False)
