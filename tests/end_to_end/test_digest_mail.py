import time
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.end_to_end.stage import Stage, eventually
from tests.end_to_end.truth import wait_for_truth

pytestmark = pytest.mark.timeout(150)

ODD_ZONES = ("Asia/Kathmandu", "America/St_Johns")  # not whole hours away from others
DIGESTS = "SELECT state, sent_at IS NOT NULL FROM digests"


def seller_zone() -> ZoneInfo:
    """Choose a zone in which midnight does not fall into the test."""
    zones = [ZoneInfo(name) for name in ODD_ZONES]
    return next(zone for zone in zones if 1 <= datetime.now(zone).hour < 23)


def prepare(stage: Stage, signed_in: Path, zone: ZoneInfo, daily: str) -> None:
    """Let an installation have begun yesterday, with a sale of that day and one of today."""
    stage.sign_in_beforehand(signed_in)
    stage.start_earlier(days=1)
    templates = stage.open_templates()
    yesterday = datetime.now(zone).replace(hour=12) - timedelta(days=1)
    templates.sell("Planner of yesterday", price=1500, created_at=yesterday.isoformat())
    templates.sell("Planner of today", price=900)
    stage.configure(digest=f'daily = "{daily}"', timezone=zone.key)


def restart(stage: Stage) -> None:
    """Let the daemon run once more, long enough to look for a digest that is due."""
    assert stage.daemon.stop() == 0
    stage.daemon.start_and_watch()
    wait_for_truth(stage)
    time.sleep(2)
    assert stage.daemon.stop() == 0


def facts(mail: EmailMessage) -> tuple[str, str, bool, bool]:
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    return (
        mail["To"],
        mail.get_content_type(),
        "Planner of yesterday" in text,
        "Planner of today" in text,
    )


FACTS = ("me@example.com", "multipart/alternative", True, False)


def test_the_digest_comes_once_at_the_sellers_minute(stage: Stage, signed_in: Path) -> None:
    zone = seller_zone()
    now = datetime.now(zone)
    due = (now + timedelta(seconds=65)).replace(second=0, microsecond=0)
    prepare(stage, signed_in, zone, f"{due:%H:%M}")
    stage.daemon.start_and_watch()
    wait_for_truth(stage)
    while datetime.now(zone) < due - timedelta(seconds=1):
        assert stage.post.mails == []
        time.sleep(0.2)
    eventually(lambda: stage.rows(DIGESTS) == [("sent", 1)], "the digest sent")
    restart(stage)
    assert [facts(mail) for mail in stage.post.mails] == [FACTS]


def test_a_mail_server_that_is_down_gets_the_digest_once_it_is_up(
    stage: Stage, signed_in: Path
) -> None:
    prepare(stage, signed_in, seller_zone(), "00:00")
    stage.post.close()
    stage.daemon.start_and_watch()
    eventually(lambda: "digest_refused" in stage.daemon.said(), "the refusal")
    assert stage.rows(DIGESTS) == [("claimed", 0)]
    stage.post.open()
    eventually(lambda: stage.rows(DIGESTS) == [("sent", 1)], "the digest sent", within=70)
    restart(stage)
    assert [facts(mail) for mail in stage.post.mails] == [FACTS]
