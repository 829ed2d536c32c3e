"""A central bank on loopback that publishes made-up rates in the files of the real one.

The forms of the files are those of the European Central Bank (read 2026-11).
"""

import asyncio
from datetime import date, timedelta
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from starlette.types import Receive, Scope, Send

from salesdaemon.marketplaces.loopback import reset_connection

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
    'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">\n'
    "<gesmes:subject>Reference rates</gesmes:subject>\n<Cube>\n"
)
TAIL = "</Cube>\n</gesmes:Envelope>"
WEB_PAGE = b"<!DOCTYPE html><html><body>Down for maintenance</body></html>"
CHRISTMAS = {(1, 1), (12, 25), (12, 26)}

DAY, QUARTER, HISTORY = "eurofxref-daily.xml", "eurofxref-hist-90d.xml", "eurofxref-hist.zip"


def working_days(first: date, last: date) -> list[date]:
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5 and (day.month, day.day) not in CHRISTMAS]


def rate_of(day: date, currency: str) -> str:
    """Make a rate up that is another one each day."""
    step = day.toordinal() % 997
    return {"USD": f"1.{step:04d}", "JPY": f"{150 + step / 100:.2f}", "GBP": f"0.8{step:04d}"}[
        currency
    ]


def xml(days: list[date]) -> bytes:
    """Write days as XML, the newest first."""
    lines = [
        f"<Cube time='{day}'>\n"
        + "".join(
            f"<Cube currency='{currency}' rate='{rate_of(day, currency)}'/>\n"
            for currency in ("USD", "JPY", "GBP")
        )
        + "</Cube>\n"
        for day in reversed(days)
    ]
    return (HEAD + "".join(lines) + TAIL).encode()


def table(days: list[date]) -> bytes:
    """Write days as CSV, the newest first; one column is of a currency that is no more."""
    lines = ["Date,USD,JPY,HRK,GBP,"]
    for day in reversed(days):
        usd, jpy, gbp = (rate_of(day, currency) for currency in ("USD", "JPY", "GBP"))
        lines.append(f"{day},{usd},{jpy},N/A,{gbp},")
    return ("\n".join(lines) + "\n").encode()


def zipped(*contents: bytes) -> bytes:
    """Put files into a zip."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"eurofxref-hist{number or ''}.csv", content)
    return buffer.getvalue()


class CentralBank:
    """Publishes each working day from 2019 up to `today`; `fault` says how it fails.

    `asked` are the files that were asked for, in order; `unchanged` counts the answers that
    nothing has changed.
    """

    def __init__(self, today: date, first: date = date(2019, 1, 2)) -> None:
        self.first = first
        self.today = today
        self.fault: str | None = None
        self.asked: list[str] = []
        self.unchanged = 0

    def body(self, file: str) -> bytes:
        """Return a file as it is published now."""
        days = working_days(self.first, self.today)
        if file == DAY:
            return xml(days[-1:])
        if file == QUARTER:
            return xml([day for day in days if day > self.today - timedelta(days=90)])
        return zipped(table(days))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        file = scope["path"].rpartition("/")[2]
        self.asked.append(file)
        if self.fault == "silent":
            await asyncio.Event().wait()
        status, headers, body = self._answer(file, dict(scope["headers"]))
        whole = self.fault != "broken off"
        headers[b"content-length"] = str(len(body)).encode()
        await send(
            {"type": "http.response.start", "status": status, "headers": list(headers.items())}
        )
        sent = body if whole else body[: len(body) // 2]
        await send({"type": "http.response.body", "body": sent, "more_body": not whole})
        if not whole:
            await reset_connection(scope, receive, abruptly=False)

    def _answer(
        self, file: str, asked: dict[bytes, bytes]
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        mark = f'"{self.today}"'.encode()
        body = self.body(file)
        answers: dict[str | None, tuple[int, dict[bytes, bytes], bytes]] = {
            "not found": (404, {}, b"<html>Not found</html>"),
            "too many": (429, {b"retry-after": b"7200"}, b""),
            "never again": (503, {b"retry-after": b"9" * 400}, b""),
            "moved": (301, {b"location": b"https://example.com/"}, b""),
            "web page": (200, {}, WEB_PAGE),
            "cut short": (200, {}, body[: len(body) * 2 // 3]),
        }
        if self.fault not in answers and asked.get(b"if-none-match") == mark:
            self.unchanged += 1
            return 304, {b"etag": mark}, b""
        return answers.get(self.fault, (200, {b"etag": mark}, body))
