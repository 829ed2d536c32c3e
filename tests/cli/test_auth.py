"""`auth`: the owner signs in with a browser, or pastes, and the login is in force."""

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from salesdaemon.cli.redirect import is_loopback, receive_redirect
from salesdaemon.store.accounts import ShopRecord, change_shop, find_account_of_shop, find_shop
from tests.cli.commands import Installation, Ran
from tests.cli.shops import EtsyShop, GumroadShop, etsy_shop, free_port, gumroad_shop


@pytest.fixture
def etsy() -> Iterator[EtsyShop]:
    with etsy_shop() as shop:
        yield shop


@pytest.fixture
def gumroad() -> Iterator[GumroadShop]:
    with gumroad_shop() as shop:
        yield shop


def url_from(process: "subprocess.Popen[str]") -> str:
    """Read the address that stands alone on the first line of stdout."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def redirect_of(url: str) -> str:
    """Allow access, as the owner does on the marketplace's page."""
    return httpx.get(url).headers["location"]


def finish(process: "subprocess.Popen[str]", stdin: str | None = None) -> Ran:
    out, err = process.communicate(stdin, timeout=60)
    return Ran(process.returncode, out, err)


def shop_row(cli: Installation, shop: str = "prints") -> tuple[ShopRecord | None, str | None]:
    store = cli.open_store()
    try:
        with store.read() as connection:
            account = find_account_of_shop(connection, shop)
            row = find_shop(connection, shop)
    finally:
        store.close()
    return row, account.external_id if account is not None else None


def test_a_browser_on_this_machine_signs_in(cli: Installation, etsy: EtsyShop) -> None:
    cli.configure(etsy.table())
    with cli.start("auth", "prints") as process:
        page = httpx.get(redirect_of(url_from(process)))
        ran = finish(process)
    assert (page.status_code, "Thank you" in page.text) == (200, True)
    assert ran.code == 0
    assert ran.lines[-1] == "prints is ready; a running daemon picks it up by itself."
    assert "Traceback" not in ran.err
    assert cli.run("poll").code == 0
    row, account = shop_row(cli)
    assert account == "48291736"
    assert row is not None
    assert (row.login_needed, row.account_id is not None) == (False, True)


def test_what_is_not_the_answer_is_turned_away(cli: Installation, etsy: EtsyShop) -> None:
    cli.configure(etsy.table())
    with cli.start("auth", "prints") as process:
        url = url_from(process)
        port = urlsplit(etsy.redirect_uri).port
        statuses = [
            httpx.get(f"http://127.0.0.1:{port}{path}").status_code
            for path in ("/favicon.ico", "/oauth/callback", "/oauth/callback?code=1&state=other")
        ]
        with socket.create_connection(("127.0.0.1", port or 0)) as stranger:
            stranger.sendall(b"\x16\x03\x01 nothing of the kind\r\n\r\n")
        httpx.get(redirect_of(url))
        assert (finish(process).code, statuses) == (0, [404, 404, 400])


def test_the_address_may_be_pasted(cli: Installation, etsy: EtsyShop) -> None:
    cli.configure(etsy.table())
    with cli.start("auth", "prints", "--paste") as process:
        pasted = redirect_of(url_from(process))
        ran = finish(process, f"what?\n\n{pasted}\n")
    assert ran.code == 0
    assert "That holds no code. Paste the whole address from the browser:" in ran.err
    assert cli.run("poll").code == 0


def test_the_query_alone_is_enough_to_paste(cli: Installation, etsy: EtsyShop) -> None:
    cli.configure(etsy.table())
    with cli.start("auth", "prints", "--paste") as process:
        pasted = urlsplit(redirect_of(url_from(process))).query
        assert finish(process, f"{pasted}\n").code == 0


def test_an_address_elsewhere_is_pasted_without_being_asked(cli: Installation) -> None:
    with etsy_shop("https://example.com/callback") as etsy:
        cli.configure(etsy.table())
        with cli.start("auth", "prints") as process:
            pasted = redirect_of(url_from(process))
            assert pasted.startswith("https://example.com/callback?")
            assert finish(process, f"{pasted}\n").code == 0


def test_the_address_is_on_a_line_of_its_own_whatever_its_length(
    cli: Installation, etsy: EtsyShop
) -> None:
    cli.configure(etsy.table())
    with cli.start("auth", "prints", "--paste") as process:
        url = url_from(process)
        ran = finish(process, "")
    asked = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{etsy.url}/oauth/connect?")
    assert asked["redirect_uri"] == [etsy.redirect_uri]
    assert asked["code_challenge_method"] == ["S256"]
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[-1] == (
        "No address was pasted. Run `salesdaemon auth prints --paste` again."
    )


def test_access_that_was_not_allowed_is_said(cli: Installation, etsy: EtsyShop) -> None:
    etsy.pretend.oauth.deny = True
    cli.configure(etsy.table())
    with cli.start("auth", "prints") as process:
        page = httpx.get(redirect_of(url_from(process)))
        ran = finish(process)
    assert "Access was not allowed" in page.text
    assert (ran.code, ran.err.splitlines()[-1]) == (
        1,
        "Access was not allowed on Etsy's page. Run `salesdaemon auth prints` again.",
    )


def test_nobody_is_waited_for_without_end(cli: Installation, etsy: EtsyShop) -> None:
    cli.configure(etsy.table())
    for more in ((), ("--paste",)):
        with cli.start("auth", "prints", "--timeout", "1s", *more) as process:
            url_from(process)
            code = process.wait(60)
            assert process.stderr is not None
            assert (code, process.stderr.read().splitlines()[-1]) == (
                1,
                "Nobody signed in within 1 s. Run `salesdaemon auth prints` again.",
            )


def test_a_port_in_use_names_the_way_out(cli: Installation, etsy: EtsyShop) -> None:
    cli.configure(etsy.table())
    port = urlsplit(etsy.redirect_uri).port
    with socket.create_server(("127.0.0.1", port or 0)):
        ran = cli.spawn("auth", "prints")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"Port {port} of redirect_uri cannot be listened on (address already in use). "
        "Free it, or run `salesdaemon auth prints --paste`.\n"
    )


def test_another_account_leaves_the_old_login_in_force(cli: Installation, etsy: EtsyShop) -> None:
    cli.configure(etsy.table())
    with cli.start("auth", "prints", "--paste") as process:
        assert finish(process, redirect_of(url_from(process)) + "\n").code == 0
    with etsy_shop(etsy.redirect_uri, shop_id=777) as other:
        cli.configure(other.table())
        with cli.start("auth", "prints", "--paste") as process:
            ran = finish(process, redirect_of(url_from(process)) + "\n")
    assert ran.code == 1
    assert ran.err.splitlines()[-1] == (
        "Shop 'prints' belongs to account 48291736, but these credentials open account 777. "
        "Put the new account under a name of its own, such as [shops.prints_2]."
    )
    cli.configure(etsy.table())
    assert cli.run("poll").code == 0


def test_a_new_login_clears_what_stood_in_the_way(cli: Installation, etsy: EtsyShop) -> None:
    cli.configure(etsy.table())
    store = cli.open_store()
    with store.write() as connection:
        change_shop(
            connection, "prints", "etsy", login_needed=True, problem="Refused.", action="Sign in."
        )
    store.close()
    with cli.start("auth", "prints", "--paste") as process:
        assert finish(process, redirect_of(url_from(process)) + "\n").code == 0
    row, _ = shop_row(cli)
    assert row is not None
    assert (row.login_needed, row.problem, row.action) == (False, None, None)


def test_a_token_is_checked_and_says_what_it_may_read(
    cli: Installation, gumroad: GumroadShop
) -> None:
    cli.configure(gumroad.table())
    ran = cli.run("auth", "templates")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [
        "The token may read sales.",
        "The token may read payouts.",
        "templates is ready; a running daemon picks it up by itself.",
    ]
    assert shop_row(cli, "templates")[1] == "cHJldGVuZCBzZWxsZXIgMQ=="


def test_a_wrong_token_ends_with_1(cli: Installation, gumroad: GumroadShop) -> None:
    cli.configure(gumroad.table(token="wrong"))
    ran = cli.run("auth", "templates")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "wrong" not in ran.err.split()
    assert shop_row(cli, "templates") == (None, None)


def test_a_token_that_may_not_read_sales_is_not_put_in_force(cli: Installation) -> None:
    with gumroad_shop(scopes=frozenset({"view_profile", "view_payouts"})) as gumroad:
        cli.configure(gumroad.table())
        ran = cli.run("auth", "templates")
    assert (ran.code, ran.err) == (1, "")
    assert ran.lines[0].startswith("Failed: ")
    assert ran.lines[1:] == ["The token may read payouts."]
    assert shop_row(cli, "templates") == (None, None)


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("http://localhost:3003/oauth/callback", True),
        ("http://127.0.0.1/callback", True),
        ("http://[::1]:3003/callback", True),
        ("https://localhost:3003/callback", False),
        ("http://example.com/callback", False),
    ],
)
def test_only_plain_http_on_this_machine_is_listened_to(address: str, near: bool) -> None:
    assert is_loopback(address) == near


async def test_the_listener_answers_on_both_loopbacks() -> None:
    port = free_port()
    address = f"http://localhost:{port}/back"
    ready = asyncio.Event()
    arrived = asyncio.ensure_future(receive_redirect(address, None, ready.set))
    await ready.wait()
    async with httpx.AsyncClient() as browser:
        page = await browser.get(f"http://127.0.0.1:{port}/back?code=%C3%A9&x=1")
    assert page.status_code == 200
    assert await arrived == f"{address}?code=%C3%A9&x=1"
