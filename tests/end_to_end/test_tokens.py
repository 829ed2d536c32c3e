from pathlib import Path

import pytest

from tests.end_to_end.browser import sign_in, start
from tests.end_to_end.shops import Prints
from tests.end_to_end.stage import Stage, eventually
from tests.end_to_end.truth import wait_for_truth

pytestmark = pytest.mark.timeout(120)


def watch(stage: Stage, signed_in: Path, *arguments: str) -> Prints:
    stage.sign_in_beforehand(signed_in)
    prints = stage.open_prints("--history", "10", *arguments)
    stage.configure()
    stage.daemon.start_and_watch()
    eventually(lambda: stage.value("SELECT count(*) FROM messages"), "that the watch began")
    return prints


def test_check_poll_and_daemon_at_once_refresh_an_expired_token_once(
    stage: Stage, signed_in: Path
) -> None:
    prints = watch(stage, signed_in)
    assert stage.daemon.stop() == 0
    prints.tell("expire-access")
    stage.daemon.start()
    commands = [start(stage, *words) for words in (["check"], ["poll"], ["poll", "prints"])]
    outcomes = [(*command.communicate(timeout=60), command.returncode) for command in commands]
    prints.sell("After the refresh")
    stage.wait_for_rings(["After the refresh"])
    assert stage.daemon.stop() == 0

    assert [code for _, _, code in outcomes] == [0, 0, 0], outcomes
    assert "Orders can be read" in outcomes[0][0]
    assert prints.refreshes() == [200]
    assert stage.rows("SELECT generation, answer_lost, lease_owner FROM logins") == [(2, 0, None)]


def test_a_lost_refresh_is_mended_by_trying_the_old_token_again(
    stage: Stage, signed_in: Path
) -> None:
    prints = watch(stage, signed_in, "--rotation", "accept-old")
    prints.fault("lost_token_answer")
    prints.tell("expire-access")
    prints.sell("After the lost answer")
    stage.wait_for_rings(["After the lost answer"])
    wait_for_truth(stage)
    assert stage.daemon.stop() == 0
    assert [push.title for push in stage.phone.others] == ["Watching 1 shop"]
    assert prints.refreshes() == [200, 200]


def test_a_lost_login_is_told_once_and_a_new_sign_in_brings_the_shop_back(
    stage: Stage, signed_in: Path
) -> None:
    prints = watch(stage, signed_in)
    prints.fault("lost_token_answer")
    prints.tell("expire-access")
    prints.sell("While signed out")
    eventually(lambda: len(stage.phone.others) == 2, "the message that the shop needs its owner")
    trouble = stage.phone.others[1]
    assert (trouble.title, trouble.kind) == ("prints needs you", "warning")
    assert "salesdaemon auth prints" in trouble.body
    (shop,) = stage.printed("status", "--format", "json")["shops"]
    assert shop["state"] == "login_needed"
    assert "salesdaemon auth prints" in shop["action"]

    assert sign_in(stage) == "prints is ready; a running daemon picks it up by itself."
    stage.wait_for_rings(["While signed out"])
    wait_for_truth(stage)
    (shop,) = stage.printed("status", "--format", "json")["shops"]
    assert (shop["state"], shop["action"]) == ("ok", None)
    assert stage.daemon.stop() == 0
    assert [(push.title, push.kind) for push in stage.phone.others] == [
        ("Watching 1 shop", "info"),
        ("prints needs you", "warning"),
        ("prints works again", "info"),
    ]
    assert [push.sales for push in stage.phone.rings] == [1]
