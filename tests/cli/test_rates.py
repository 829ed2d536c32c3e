"""`rates` shows, fetches and imports exchange rates."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from salesdaemon.domain.exchange import last_publication_day
from salesdaemon.marketplaces.loopback import serve
from salesdaemon.store.rates import load_book, newest_day
from salesdaemon.store.tables import dirty_days, rates
from tests.cli.commands import GUMROAD, Installation
from tests.factories import FRIDAY, sale
from tests.fakes.central_bank import CentralBank, table, working_days, xml, zipped

DAYS = working_days(date(2024, 1, 2), date(2024, 3, 28))
SIMPLE = "date,currency,rate\n2024-01-02,MAD,10.8921\n2024-01-03,MAD,10.9\n"


@pytest.fixture
def bank() -> CentralBank:
    now = datetime.now(UTC)
    return CentralBank(last_publication_day((now - timedelta(hours=15, minutes=20)).date()))


@pytest.fixture
def url(bank: CentralBank, cli: Installation) -> Iterator[str]:
    with serve(bank) as address:
        cli.configure(GUMROAD, f'[exchange]\nurl = "{address}"\n')
        yield address


def write(cli: Installation, name: str, data: bytes | str) -> str:
    content = data.encode() if isinstance(data, str) else data
    (cli.folder / name).write_bytes(content)
    return name


def count(cli: Installation) -> int:
    store = cli.open_store()
    try:
        with store.read() as connection:
            return len(connection.execute(select(rates)).all())
    finally:
        store.close()


def test_without_rates_it_says_how_to_get_some(cli: Installation) -> None:
    cli.configure()
    ran = cli.run("rates", "--format", "json")
    assert (ran.code, ran.json) == (0, [])
    assert ran.err == "There are no rates yet. Run `salesdaemon rates fetch`, or import a file.\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("eurofxref-hist.csv", table(DAYS)),
        ("eurofxref-hist.zip", zipped(table(DAYS))),
        ("eurofxref-hist-90d.xml", xml(DAYS)),
    ],
)
def test_the_banks_files_are_imported(cli: Installation, name: str, data: bytes) -> None:
    cli.configure()
    ran = cli.run("rates", "import", write(cli, name, data))
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == (
        f"{name}: {3 * len(DAYS)} rates, 2024-01-02 to 2024-03-28; "
        f"{len(DAYS)} days new or changed.\n"
    )
    assert cli.run("rates", "import", name).err.endswith("; 0 days new or changed.\n")


def test_what_is_known_is_shown_by_source_with_its_age(cli: Installation) -> None:
    cli.configure()
    today = datetime.now(UTC).date()
    fresh = f"date,currency,rate\n{today},MAD,10.8\n"
    cli.run("rates", "import", write(cli, "ecb.csv", table(DAYS)), write(cli, "mine.csv", fresh))
    shown = {line["source"]: line for line in cli.run("rates", "--format", "json").json}
    age = (today - date(2024, 3, 28)).days
    assert shown["ECB"].pop("age_days") in {age, age + 1}
    assert shown["ECB"] == {
        "source": "ECB",
        "oldest": "2024-01-02",
        "newest": "2024-03-28",
        "days": len(DAYS),
        "currencies": 3,
    }
    assert shown["mine.csv"]["age_days"] in {0, 1}
    assert cli.run("rates").lines[0].split("\t") == [
        *("source", "oldest", "newest", "age_days", "days", "currencies")
    ]


def test_imported_rates_convert_and_have_the_days_summed_again(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale(currency="MAD"), sale("s2"))
    assert cli.run("rates", "import", write(cli, "mine.csv", SIMPLE)).code == 0
    store = cli.open_store()
    try:
        with store.read() as connection:
            conversion = load_book(connection).find("MAD", "EUR", date(2024, 1, 2))
            assert conversion is not None
            assert (conversion.source, str(conversion.rate)) == ("mine.csv", "0.09180966021")
            assert list(connection.scalars(select(dirty_days.c.day))) == [FRIDAY]
    finally:
        store.close()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(
            SIMPLE + "2024-01-04,MAD,0\n",
            "bad.csv, row 4: the rate of MAD is '0'. A rate is a number above 0, such as 1.0956.",
            id="a rate of zero",
        ),
        pytest.param(
            SIMPLE + "2024-01-04,MADX,1\n",
            "bad.csv, row 4: 'MADX' is no currency. Write its three letters of ISO 4217, such as "
            "USD.",
            id="a currency code that is none",
        ),
        pytest.param(
            table(DAYS)[:-20],
            "bad.csv, row 64: it is cut short: 3 of 6 columns. Get the file again.",
            id="a file cut short",
        ),
    ],
)
def test_of_a_file_with_a_fault_nothing_is_kept(
    cli: Installation, data: bytes | str, told: str
) -> None:
    cli.configure()
    ran = cli.run("rates", "import", write(cli, "bad.csv", data))
    assert (ran.code, ran.out, ran.err) == (1, "", f"{told}\n")
    assert count(cli) == 0


def test_files_before_the_faulty_one_are_kept(cli: Installation) -> None:
    cli.configure()
    good, bad = write(cli, "good.csv", SIMPLE), write(cli, "bad.csv", "nothing")
    ran = cli.run("rates", "import", good, bad, write(cli, "never.csv", SIMPLE))
    assert (ran.code, count(cli)) == (1, 2)
    assert ran.err.splitlines() == [
        "good.csv: 2 rates, 2024-01-02 to 2024-01-03; 2 days new or changed.",
        (
            "bad.csv, row 1: the header is 'nothing'. It has to be date,currency,rate, or begin "
            "as the ECB's with Date,USD,JPY."
        ),
    ]


def test_a_file_that_is_not_there_is_told(cli: Installation) -> None:
    cli.configure()
    ran = cli.run("rates", "import", "missing.csv")
    assert (ran.code, ran.err) == (1, "missing.csv cannot be read: no such file or directory.\n")
    Path("folder").mkdir()
    ran = cli.run("rates", "import", "folder")
    assert (ran.code, ran.err) == (1, "folder cannot be read: is a directory.\n")


@pytest.mark.usefixtures("url")
def test_rates_are_fetched_now(cli: Installation, bank: CentralBank) -> None:
    ran = cli.run("rates", "fetch")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("eurofxref-hist-90d.xml: ")
    assert ran.err.endswith(f" days new or changed; the newest is {bank.today}.\n")
    assert bank.asked == ["eurofxref-hist-90d.xml"]
    store = cli.open_store()
    try:
        with store.read() as connection:
            assert newest_day(connection) == bank.today
    finally:
        store.close()


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("not found", "127.0.0.1 answered 404 instead of exchange rates."),
        ("broken off", "The connection to 127.0.0.1 broke (RemoteProtocolError)."),
    ],
)
def test_a_fetch_that_fails_says_why_and_what_to_do(
    cli: Installation, bank: CentralBank, fault: str, told: str
) -> None:
    bank.fault = fault
    ran = cli.run("rates", "fetch")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"{told} Try again later, or import a file: `salesdaemon rates import FILE`.\n"
    )


def test_switched_off_nothing_is_fetched(cli: Installation) -> None:
    cli.configure(GUMROAD, '[exchange]\nsource = "off"\n')
    ran = cli.run("rates", "fetch")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "Rates are not fetched: `source` in [exchange] is off. "
        "Set it to ecb, or import a file: `salesdaemon rates import FILE`.\n"
    )


def test_plain_http_reaches_this_machine_alone(cli: Installation) -> None:
    cli.configure(GUMROAD, '[exchange]\nurl = "http://rates.example.com"\n')
    ran = cli.run("rates", "fetch")
    assert ran.code == 78
    assert "exchange.url: must begin with https://" in ran.err
