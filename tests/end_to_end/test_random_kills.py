import itertools
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.phone import count_products
from tests.end_to_end.stage import Stage, eventually
from tests.end_to_end.truth import differences, untold, wait_for_truth

KILLS = 30
SEED = 20


class Trade:
    """Buyers who come all the time, at both shops, with a free download now and then."""

    def __init__(self, stage: Stage, *, seed: int) -> None:
        self.sold: dict[str, str] = {}
        self._shops = stage.shops
        self._random = random.Random(seed)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        over = threading.Event()
        thread = threading.Thread(target=self._sell_until, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _sell_until(self, over: threading.Event) -> None:
        for number in itertools.count():
            shop = self._shops[number % len(self._shops)]
            self.sold[shop.sell(f"Sale {number}")] = f"Sale {number}"
            if number % 10 == 5:
                shop.sell(f"Free {number}", price=0)
            if over.wait(self._random.uniform(0.1, 0.6)):
                return


@pytest.mark.timeout(200)
def test_thirty_kills_lose_no_sale_and_no_ring(stage: Stage, signed_in: Path) -> None:
    stage.open_prints("--history", "40")
    stage.open_templates("--history", "40")
    stage.sign_in_beforehand(signed_in)
    stage.configure()
    stage.daemon.start_and_watch()
    wait_for_truth(stage)
    eventually(lambda: stage.value("SELECT count(*) FROM messages"), "that the watch began")
    trade = Trade(stage, seed=SEED)
    draw = random.Random(SEED)

    recorded = 0
    with trade.going_on():
        for life in range(KILLS):
            stage.daemon.kill()
            before = stage.value("SELECT count(*) FROM sales")
            stage.daemon.start()
            if life % 4:  # the others do not live to their first poll
                eventually(stage.daemon.is_up, "up")
            time.sleep(draw.uniform(0.0, 0.7))
            recorded += stage.value("SELECT count(*) FROM sales") > before
        stage.daemon.kill()
    stage.daemon.start_and_watch()

    wait_for_truth(stage)
    eventually(lambda: not untold(stage, trade.sold), "every sale told")
    assert stage.daemon.stop() == 0
    assert recorded >= KILLS // 2, "too few lives were long enough to record anything"
    assert differences(stage, stage.printed("sales", "--format", "jsonl")) == []
    assert set(count_products(stage.phone.rings)) <= set(trade.sold.values())
    assert [push.title for push in stage.phone.others] == ["Watching 2 shops"]
    messages = stage.value("SELECT count(*) FROM messages WHERE sales > 0")
    assert messages <= len(stage.phone.rings) <= messages + KILLS + 1


@pytest.mark.timeout(150)
def test_kills_during_the_first_sync_leave_history_silent(stage: Stage, signed_in: Path) -> None:
    stage.open_prints("--history", "2500")
    stage.open_templates("--history", "2500")
    stage.sign_in_beforehand(signed_in)
    stage.configure()
    trade = Trade(stage, seed=SEED)
    stage.daemon.start()
    eventually(
        lambda: stage.rows("SELECT 1 FROM accounts WHERE watch_since > 0") == [(1,), (1,)],
        "both shops watched",
    )
    unfinished = 0
    with trade.going_on():
        for _ in range(5):
            stage.daemon.kill()
            read = stage.value("SELECT count(*) FROM sales")
            unfinished += read < 5000
            stage.daemon.start()
            eventually(lambda: stage.value("SELECT count(*) FROM sales") > read, "more read")  # noqa: B023 - called here
        stage.daemon.kill()
    stage.daemon.start_and_watch()

    wait_for_truth(stage)
    eventually(lambda: not untold(stage, trade.sold), "every sale told")
    assert stage.daemon.stop() == 0
    assert unfinished >= 3, "the first sync was over before it could be killed"
    assert set(count_products(stage.phone.rings)) <= set(trade.sold.values())
    assert {push.title for push in stage.phone.others} == {"Watching 2 shops"}
