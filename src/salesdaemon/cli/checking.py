"""`check`: everything that could keep sales from ringing, tried one by one."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer

from salesdaemon.application import Application
from salesdaemon.cli.options import Format, FormatOption
from salesdaemon.cli.output import Column, print_listing
from salesdaemon.cli.session import call_of, in_application, prepare_store
from salesdaemon.digest.probe import try_server
from salesdaemon.dispatching import mail_server
from salesdaemon.errors import SalesDaemonError
from salesdaemon.marketplaces.base import Finding
from salesdaemon.settings import find_config
from salesdaemon.settings_channels import rule_sound_problems
from salesdaemon.settings_remarks import remarks_on
from salesdaemon.settings_text import others_can_read
from salesdaemon.store.accounts import bind, set_setting

POLITE = timedelta(seconds=60)
_PROBE = "check"


class Result(StrEnum):
    """How a thing that was looked at is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at, and what to do where it is not well."""

    result: Result
    part: str
    what: str
    fix: str | None = None

    def to_json(self) -> Mapping[str, str | None]:
        """Give it as `check --format json` prints it."""
        return {
            "result": self.result.value,
            "part": self.part,
            "what": self.what,
            "fix": self.fix,
        }


def check(
    context: typer.Context,
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Leave out what needs the network.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Try the configuration, database, shops, channels and mail."""
    path = find_config(os.environ, call_of(context).config)

    async def work(app: Application) -> list[Line]:
        return await look_at_everything(app, path, offline=offline)

    lines = in_application(context, work, with_store=False)
    columns = (
        Column("result"),
        Column("part"),
        Column("what", prose=True),
        Column("fix", prose=True),
    )
    print_listing([line.to_json() for line in lines], columns, form)
    if any(line.result is Result.FAILED for line in lines):
        raise typer.Exit(1)


async def look_at_everything(app: Application, path: Path | None, *, offline: bool) -> list[Line]:
    """Look at every part in the order in which a sale passes them."""
    database = await asyncio.to_thread(_database, app)
    lines = [*_config(app, path), database]
    for shop in app.settings.shops:
        if offline:
            lines.append(Line(Result.SKIPPED, f"shop {shop}", "Not asked: offline."))
        else:
            lines += await _shop(app, shop, with_store=database.result is Result.OK)
    lines += await asyncio.to_thread(lambda: list(_channels(app)))
    lines.append(await _mail(app, offline=offline))
    lines += await asyncio.to_thread(lambda: list(_digest(app)))
    return lines


def _config(app: Application, path: Path | None) -> Iterator[Line]:
    where = str(path) if path is not None else "The environment"
    yield Line(Result.OK, "config", f"{where} holds no mistakes.")
    if path is not None and others_can_read(path):
        fix = f"Run `chmod o-rwx {path}`."
        yield Line(Result.WARNING, "config", f"Every user of this machine can read {path}.", fix)
    for name, shop in app.settings.shops.items():
        if shop.poll_every < POLITE:
            what = f"Shop {name} is polled more often than once a minute."
            yield Line(Result.WARNING, "config", what, f"Set shops.{name}.poll_every to 60s.")


def _database(app: Application) -> Line:
    name = f"SQLite file {app.store.path}" if app.store.is_sqlite else "PostgreSQL"
    try:
        prepare_store(app)
        with app.store.write() as connection:
            set_setting(connection, _PROBE, app.clock().isoformat())
            set_setting(connection, _PROBE, None)
    except SalesDaemonError as error:
        fix = error.fix or "Check database.url, its disk and its permissions."
        return Line(Result.FAILED, "database", f"{name}: {error.what}", fix)
    return Line(Result.OK, "database", f"{name} can be written and has the current tables.")


async def _shop(app: Application, shop: str, *, with_store: bool) -> list[Line]:
    part = f"shop {shop}"
    marketplace = app.marketplace(shop)
    try:
        findings: Sequence[Finding] = await marketplace.check(app.connection(shop))
        lines = [_found(part, finding) for finding in findings]
        if with_store and all(finding.ok for finding in findings):
            lines.append(await _binding(app, shop))
    except SalesDaemonError as error:
        return [Line(Result.FAILED, part, error.what, error.fix)]
    return lines


def _found(part: str, finding: Finding) -> Line:
    return Line(Result.OK if finding.ok else Result.FAILED, part, finding.what, finding.fix)


async def _binding(app: Application, shop: str) -> Line:
    """Try whether the shop's name and the account belong together, and change nothing."""
    marketplace = app.marketplace(shop)
    account = await marketplace.connect(app.connection(shop)).identify()

    def try_to_bind() -> None:
        with app.store.write() as connection:
            trial = connection.begin_nested()
            bind(
                connection,
                shop=shop,
                marketplace=marketplace.slug,
                external_id=account.external_id,
                configured=app.configured,
            )
            trial.rollback()

    await asyncio.to_thread(try_to_bind)
    return Line(Result.OK, f"shop {shop}", f"Its account is {account.external_id}.")


def _channels(app: Application) -> Iterator[Line]:
    yield from _each_channel(app)
    rules = dict(enumerate(app.settings.alerts.rules))
    for problem in rule_sound_problems(rules, app.settings.alerts.channels, app.channels):
        yield Line(Result.FAILED, "rules", str(problem))


def _each_channel(app: Application) -> Iterator[Line]:
    if not app.ringing_channels:
        what = "Nothing rings: alerts.channels names no channel."
        yield Line(Result.WARNING, "channels", what, "Add a [channels.<name>] table.")
    for name, channel in app.channels.items():
        part = f"channel {name}"
        problems = channel.problems()
        yield from (Line(Result.FAILED, part, problem) for problem in problems)
        if problems:
            continue
        notes = " ".join(["Its url is understood.", *_use(app, name), *channel.notes()])
        yield Line(Result.OK, part, notes, f"Hear it: `salesdaemon test-alert {name}`.")


def _use(app: Application, channel: str) -> Iterator[str]:
    if channel in app.ringing_channels:
        return
    if channel in app.settings.digest.channels:
        yield "Digests go there, and nothing else."
    else:
        yield "Neither alerts.channels nor a rule names it."


async def _mail(app: Application, *, offline: bool) -> Line:
    mail = app.settings.mail
    if mail is None:
        return Line(Result.SKIPPED, "mail", "No [mail] table, so no digest is mailed.")
    if offline:
        return Line(Result.SKIPPED, "mail", "Not asked: offline.")
    try:
        await try_server(mail_server(mail))
    except SalesDaemonError as error:
        return Line(Result.FAILED, "mail", error.what, error.fix)
    login = " and takes the login" if mail.username else ""
    return Line(Result.OK, "mail", f"{mail.host}:{mail.port} answers{login}.")


def _digest(app: Application) -> Iterator[Line]:
    for remark in remarks_on(app.settings):
        what = f"{remark.what[:1].upper()}{remark.what[1:]}"
        yield Line(Result.WARNING, remark.key.partition(".")[0], what, remark.fix)
    folder = app.settings.digest.folder
    if folder is not None:
        yield _folder(folder)


def _folder(folder: Path) -> Line:
    """Try to write where digests are to be kept; a folder that is to be made is not made here.

    Whoever checks may be another user than the daemon, which could not write in it then.
    """
    try:
        there = folder if folder.exists() else next(p for p in folder.parents if p.exists())
        with TemporaryFile(dir=there):
            pass
    except OSError as error:
        what = f"{folder} cannot be written: {(error.strerror or type(error).__name__).lower()}."
        return Line(Result.FAILED, "digest", what, "Check digest.folder and its permissions.")
    made = "" if there == folder else "; it is made when the first digest comes"
    return Line(Result.OK, "digest", f"{folder} can be written{made}.")
