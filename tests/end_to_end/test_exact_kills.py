import time
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.phone import Push, count_products
from tests.end_to_end.proxy import Proxy
from tests.end_to_end.shops import Templates
from tests.end_to_end.stage import Stage, eventually, kill_now, pid_of
from tests.end_to_end.truth import differences

pytestmark = pytest.mark.timeout(120)

OUTBOX = (
    "SELECT delivered_at IS NOT NULL, lease_owner IS NOT NULL, attempts"
    " FROM outbox WHERE kind = 'sale'"
)
LEASED, DELIVERED_AT_SECOND_TRY = (0, 1, 1), (1, 0, 2)
DIGEST = "SELECT state, attempts, sent_at IS NOT NULL FROM digests"


@pytest.fixture
def templates(stage: Stage, signed_in: Path) -> Templates:
    stage.sign_in_beforehand(signed_in)
    return stage.open_templates("--history", "10")


def watch(stage: Stage) -> None:
    stage.daemon.start_and_watch()
    eventually(lambda: stage.value("SELECT count(*) FROM messages"), "that the watch began")


def recover(stage: Stage) -> None:
    stage.daemon.start_and_watch()
    stage.wait_for_rings(["Lucky planner"])
    eventually(
        lambda: not stage.rows("SELECT id FROM outbox WHERE delivered_at IS NULL"), "all marked"
    )
    assert stage.daemon.stop() == 0
    assert differences(stage) == []


def test_killed_between_reply_and_commit_it_rings_once(stage: Stage, templates: Templates) -> None:
    proxy = Proxy(templates.url)
    answered: list[bytes] = []

    def strike(body: bytes) -> None:
        if b"Lucky planner" in body:
            time.sleep(0.3)  # it has read the answer, and waits for the lock that we hold
            kill_now(pid_of(stage.daemon))
            answered.append(body)

    try:
        stage.configure(urls={"templates": proxy.url})
        watch(stage)
        proxy.on_reply = strike
        with stage.locked_database():
            templates.sell("Lucky planner")
            stage.daemon.wait_until_killed()
        assert len(answered) == 1
        assert stage.rows("SELECT 1 FROM items WHERE product = 'Lucky planner'") == []
        assert stage.rows(OUTBOX) == []

        proxy.on_reply = lambda _body: None
        recover(stage)
    finally:
        proxy.stop()
    assert count_products(stage.phone.rings) == {"Lucky planner": 1}


def test_killed_between_commit_and_send_it_rings_once(stage: Stage, templates: Templates) -> None:
    def strike_and_hang_up() -> bool:
        kill_now(pid_of(stage.daemon))
        return True

    stage.configure()
    watch(stage)
    stage.phone.on_accept = strike_and_hang_up
    templates.sell("Lucky planner")
    stage.daemon.wait_until_killed()
    assert stage.rows("SELECT count(*) FROM items WHERE product = 'Lucky planner'") == [(1,)]
    assert stage.rows(OUTBOX) == [LEASED]
    assert stage.phone.rings == []

    stage.phone.on_accept = lambda: False
    recover(stage)
    assert stage.rows(OUTBOX) == [DELIVERED_AT_SECOND_TRY]
    assert count_products(stage.phone.rings) == {"Lucky planner": 1}


def test_killed_between_send_and_mark_it_rings_again(stage: Stage, templates: Templates) -> None:
    def strike(push: Push) -> None:
        if "Lucky planner" in push.products:
            kill_now(pid_of(stage.daemon))

    stage.configure()
    watch(stage)
    stage.phone.on_read = strike
    templates.sell("Lucky planner")
    stage.daemon.wait_until_killed()
    eventually(lambda: stage.phone.rings, "the push that was read in full")
    assert stage.rows(OUTBOX) == [LEASED]

    stage.phone.on_read = lambda _push: None
    recover(stage)
    assert stage.rows(OUTBOX) == [DELIVERED_AT_SECOND_TRY]
    assert count_products(stage.phone.rings) == {"Lucky planner": 2}


def test_killed_between_mail_and_mark_the_same_mail_goes_out_again(
    stage: Stage, templates: Templates
) -> None:
    stage.configure(digest='daily = "00:00"')
    stage.start_earlier(days=3)
    stage.post.on_accepted = lambda: kill_now(pid_of(stage.daemon))
    stage.daemon.start()
    stage.daemon.wait_until_killed()
    assert stage.rows(DIGEST) == [("claimed", 1, 0)]
    assert len(stage.post.mails) == 1

    stage.post.on_accepted = lambda: None
    stage.daemon.start_and_watch()
    eventually(lambda: stage.rows(DIGEST) == [("sent", 2, 1)], "the mark that it was sent")
    assert stage.daemon.stop() == 0
    first, second = (facts(mail) for mail in stage.post.mails)
    assert first == second
    assert first["Message-ID"].startswith("<daily.")


def facts(mail: Any) -> dict[str, str]:
    names = ("Message-ID", "Date", "From", "To", "Subject")
    body = "".join(part.get_content() for part in mail.iter_parts())
    return {name: str(mail[name]) for name in names} | {"body": body}
