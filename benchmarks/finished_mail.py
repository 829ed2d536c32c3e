"""Make digests in a process that has loaded what the daemon has: `… SAMPLES LAST`, as JSON.

The configuration is found as usual. The first digest is told apart from the later ones: it loads
what only digests need.
"""

import gc
import json
import os
import random
import sys
from base64 import b64decode
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from time import perf_counter

import salesdaemon.daemon  # noqa: F401 - what is measured comes on top of it
from benchmarks import process
from salesdaemon.application import INSTALLATION, Application
from salesdaemon.collecting import Wanted, collect
from salesdaemon.dispatching import make_rows, write
from salesdaemon.domain.digests import DigestKind, period_of
from salesdaemon.settings import find_config, load_settings
from salesdaemon.store.accounts import find_setting
from salesdaemon.store.digests import DigestRow

ALL_THE_YEAR = 365
RECIPIENT = "me@example.com"


@dataclass(frozen=True, slots=True)
class Made:
    """Milliseconds from the first query to the finished mail, and what they were spent on."""

    kind: str
    collecting: float
    writing: float
    mailing: float
    mail_bytes: int

    @property
    def milliseconds(self) -> float:
        """All of it."""
        return self.collecting + self.writing + self.mailing


def main(samples: int, last: date) -> None:
    """Make a first digest, more of other days, and one of each other kind; print the figures."""
    settings = load_settings(find_config(os.environ, None), os.environ)
    app = Application(settings)
    drawn = random.Random(5)
    days = [last - timedelta(days=drawn.randrange(ALL_THE_YEAR)) for _ in range(samples)]
    try:
        with app.store.read() as connection:
            find_setting(connection, INSTALLATION)
        gc.collect()
        before = process.resident_mebibytes(os.getpid())
        cold = _make(app, DigestKind.DAILY, last)
        after_first = process.resident_mebibytes(os.getpid())
        warm = [_make(app, DigestKind.DAILY, day) for day in days]
        longer = [_make(app, kind, last) for kind in DigestKind if kind != DigestKind.DAILY]
        after = process.resident_mebibytes(os.getpid())
        peak = process.peak_mebibytes(os.getpid())
    finally:
        app.store.close()
    figures = {
        "cold": asdict(cold),
        "warm": [asdict(made) for made in warm],
        "longer": [asdict(made) for made in longer],
        "mebibytes": {
            "before": before,
            "first": after_first - before,
            "later": after - before,
            "peak": peak - before,
        },
    }
    print(json.dumps(figures))


def _make(app: Application, kind: DigestKind, day: date) -> Made:
    """Make the mail of a digest as it would leave, two hours after its period."""
    period = period_of(kind, day)
    morning = datetime.combine(
        period.last + timedelta(days=1), datetime.min.time(), app.settings.zone
    ) + timedelta(hours=2)
    started = perf_counter()
    with app.store.read() as connection:
        content = collect(connection, app.settings, app.overrides, Wanted(kind, period, morning))
    collected = perf_counter()
    written = write(app.settings, content)
    (row,) = make_rows(app.settings, (RECIPIENT,), written, "bench", morning)
    finished_words = perf_counter()
    size = len(_mail(row))
    finished = perf_counter()
    if not content.summary.totals or not content.bars:
        raise SystemExit(f"Nothing was sold in {period}: the figure would mean nothing.")
    return Made(
        kind.value,
        1000 * (collected - started),
        1000 * (finished_words - collected),
        1000 * (finished - finished_words),
        size,
    )


def _mail(row: DigestRow) -> bytes:
    """Make the mail as it is sent: of what was kept in the database, images and all."""
    from salesdaemon.digest import mailer  # noqa: PLC0415 - the daemon loads it with a digest, too

    images = {name: b64decode(image) for name, image in json.loads(row.enclosed or "{}").items()}
    mail = mailer.build_mail(
        row.subject or "",
        row.body_text or "",
        row.body_html or "",
        sender="salesdaemon@example.com",
        recipient=row.recipient,
        message_id=row.message_id,
        date=row.content_until,
        images=images,
    )
    return mail.as_bytes()


if __name__ == "__main__":
    main(int(sys.argv[1]), date.fromisoformat(sys.argv[2]))
