import resource
import time
from pathlib import Path

import pytest

from tests.end_to_end.phone import count_products
from tests.end_to_end.shops import Prints, Templates
from tests.end_to_end.stage import Stage, eventually, pid_of
from tests.end_to_end.truth import wait_for_truth

pytestmark = pytest.mark.timeout(150)
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def watch(stage: Stage, signed_in: Path) -> tuple[Prints, Templates]:
    stage.sign_in_beforehand(signed_in)
    shops = stage.open_prints("--history", "10"), stage.open_templates("--history", "10")
    stage.configure()
    stage.daemon.start_and_watch()
    wait_for_truth(stage)
    eventually(lambda: stage.value("SELECT count(*) FROM messages"), "that the watch began")
    return shops


def expect_all_rung(stage: Stage, products: list[str]) -> None:
    """Wait until the shops' books are in the store and each of these sales has rung, once."""
    wait_for_truth(stage)
    stage.wait_for_rings(products)
    eventually(
        lambda: not stage.rows("SELECT id FROM outbox WHERE delivered_at IS NULL"), "all marked"
    )
    assert stage.daemon.stop() == 0
    assert count_products(stage.phone.rings) == dict.fromkeys(products, 1)
    assert stage.value("PRAGMA integrity_check") == "ok"


def test_a_locked_database_is_said_and_outlasted(stage: Stage, signed_in: Path) -> None:
    prints, templates = watch(stage, signed_in)
    with stage.locked_database():
        prints.sell("Sold while locked")
        templates.sell("Sold while locked, too")
        said = "what=The database is locked by another program."
        eventually(lambda: said in stage.daemon.said(), said)
    templates.sell("Sold afterwards")
    expect_all_rung(stage, ["Sold while locked", "Sold while locked, too", "Sold afterwards"])


def test_a_disk_that_takes_no_more_is_said_and_outlasted(stage: Stage, signed_in: Path) -> None:
    prints, templates = watch(stage, signed_in)
    full = max(
        file.stat().st_size
        for file in stage.folder.iterdir()
        if file.name.startswith("sales.db-wal")
    )
    resource.prlimit(pid_of(stage.daemon), resource.RLIMIT_FSIZE, (full, UNLIMITED[1]))
    products = [f"Sold on a full disk {number}" for number in range(6)]
    for number, product in enumerate(products):
        (prints, templates)[number % 2].sell(product)
        time.sleep(0.4)
    said = "what=The disk that holds the database"
    eventually(lambda: said in stage.daemon.said(), said)
    resource.prlimit(pid_of(stage.daemon), resource.RLIMIT_FSIZE, UNLIMITED)
    expect_all_rung(stage, products)
