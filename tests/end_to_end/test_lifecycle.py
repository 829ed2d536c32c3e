import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.phone import count_products
from tests.end_to_end.shops import Templates
from tests.end_to_end.stage import Stage, eventually
from tests.end_to_end.truth import differences

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def templates(stage: Stage, signed_in: Path) -> Templates:
    stage.sign_in_beforehand(signed_in)
    templates = stage.open_templates("--history", "10")
    stage.configure()
    return templates


def test_a_second_run_on_one_database_exits_1_with_one_line(
    stage: Stage, templates: Templates
) -> None:
    stage.daemon.start_and_watch()
    second = stage.command("run")
    assert (second.returncode, second.stdout, second.stderr) == (
        1,
        "",
        "Another salesdaemon runs on this database. Stop it first, or use another database.\n",
    )
    templates.sell("Still watched")
    stage.wait_for_rings(["Still watched"])
    assert stage.daemon.stop() == 0


def test_sigterm_ends_it_with_0_also_while_a_shop_hangs(stage: Stage, templates: Templates) -> None:
    stage.daemon.start_and_watch()
    templates.fault("hang", times=100, seconds=60)
    eventually(templates.strikes, "a request that hangs")
    assert stage.daemon.stop(within=10) == 0


def test_what_was_missed_comes_as_one_recap_or_as_a_ring(
    stage: Stage, templates: Templates
) -> None:
    stage.daemon.start_and_watch()
    assert stage.daemon.stop() == 0
    for number in range(12):
        templates.sell(f"Missed {number}")
    templates.sell("Missed and free", price=0)
    stage.daemon.start_and_watch()
    stage.wait_for_rings(["Missed 0"])
    assert stage.daemon.stop() == 0
    assert [push.title for push in stage.phone.rings] == ["Sales recap: 12 sales, US$144.00"]
    assert sorted(stage.phone.rings[0].products) == sorted(f"Missed {n}" for n in range(12))

    templates.sell("Missed alone")
    stage.daemon.start_and_watch()
    stage.wait_for_rings(["Missed alone"])
    templates.sell("Met")
    stage.wait_for_rings(["Met"])
    assert stage.daemon.stop() == 0
    assert [push.title for push in stage.phone.rings[1:]] == ["Ka-ching! US$12.00"] * 2
    assert differences(stage) == []


def test_a_retry_after_of_a_day_survives_a_restart(stage: Stage, templates: Templates) -> None:
    stage.daemon.start_and_watch()
    eventually(lambda: stage.value("SELECT count(*) FROM messages"), "that the watch began")
    templates.fault("429", seconds=86_400)
    asked_at = datetime.now(UTC).replace(microsecond=0)
    eventually(templates.strikes, "the refusal")
    eventually(lambda: stage.rows("SELECT 1 FROM shops WHERE not_before > 0"), "the wait stored")
    assert stage.daemon.stop() == 0
    asked = len(templates.requests())

    stage.daemon.start()
    eventually(stage.daemon.is_up, "up")
    templates.sell("Sold meanwhile")
    (shop,) = stage.printed("status", "--format", "json")["shops"]
    until = datetime.fromisoformat(shop["waiting_until"])
    assert shop["state"] == "waiting"
    assert timedelta() <= until - asked_at - timedelta(days=1) < timedelta(minutes=2)
    eventually(lambda: stage.daemon.said().count("started shops=1") == 2, "two starts")
    assert stage.daemon.stop() == 0
    assert len(templates.requests()) == asked
    assert count_products(stage.phone.rings) == {}


def test_a_busy_web_port_neither_ends_it_nor_delays_its_end(
    stage: Stage, templates: Templates
) -> None:
    with socket.create_server(("127.0.0.1", stage.web_port)):
        stage.daemon.start()
        eventually(lambda: stage.phone.others, "that the watch began")
        templates.sell("Heard all the same")
        stage.wait_for_rings(["Heard all the same"])
        assert "web_not_listening" in stage.daemon.said()
        assert stage.daemon.stop(within=4) == 0
