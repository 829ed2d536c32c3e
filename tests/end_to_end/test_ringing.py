import time
from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.phone import Push, count_products, count_rings
from tests.end_to_end.stage import Stage, eventually
from tests.end_to_end.truth import differences, wait_for_truth

WATCHING = Push(
    "Watching 2 shops", "prints, templates: from now on, every paid sale rings once.", "info"
)


@pytest.mark.timeout(200)
def test_history_is_silent_and_fifty_sales_ring_fifty_times(stage: Stage, signed_in: Path) -> None:
    prints, templates = (
        stage.open_prints("--history", "1000"),
        stage.open_templates("--history", "1000"),
    )
    stage.sign_in_beforehand(signed_in)
    stage.configure()
    stage.daemon.start_and_watch()

    wait_for_truth(stage)
    assert stage.value("SELECT count(*) FROM sales") == 2000
    assert differences(stage, stage.printed("sales", "--format", "jsonl")) == []
    eventually(lambda: stage.phone.pushes, "the message that the watch began")
    assert stage.phone.pushes == [WATCHING]

    open_order = prints.sell("Paid later", paid=False)
    templates.sell("Free sample", price=0)
    prints.sell("Free print", price=0)
    templates.sell("Trial month", trial=True)
    templates.tell("bundle", n=3, product="Bundle", price=4900)
    given_back = prints.sell("Refunded print"), templates.sell("Refunded template")
    disputed = templates.sell("Disputed template")
    expected = Counter(
        ["Bundle", "Refunded print", "Refunded template", "Disputed template", "Paid later"]
    )
    for number in range(45):
        shop = (prints, templates)[number % 2]
        product = f"Sale {number}"
        shop.sell(product)
        expected[product] += 1
        if number == 8:
            prints.tell(f"refund/{given_back[0]}", amount=500)
            templates.tell("refund", sale_id=given_back[1])
            templates.tell("dispute", sale_id=disputed)
        if number == 20:
            assert "Paid later" not in count_products(stage.phone.rings)
            prints.tell(f"pay/{open_order}")
        time.sleep(0.25)

    stage.wait_for_rings(list(expected))
    wait_for_truth(stage)
    eventually(lambda: len(stage.phone.others) >= 4, "refunds and dispute told silently")
    assert stage.daemon.stop() == 0

    assert count_products(stage.phone.rings) == expected
    assert count_rings(stage.phone.rings) == 50
    assert {push.kind for push in stage.phone.rings} == {"success"}
    assert {push.kind for push in stage.phone.others} == {"info"}
    assert sorted(push.title for push in stage.phone.others) == [
        "Disputed: US$12.00",
        "Refunded: US$12.00",
        "Refunded: €5.00 of €12.00",
        "Watching 2 shops",
    ]
    assert differences(stage, stage.printed("sales", "--format", "jsonl")) == []


@pytest.mark.timeout(100)
def test_a_burst_is_told_as_one_message(stage: Stage, signed_in: Path) -> None:
    templates = stage.open_templates("--history", "10")
    stage.sign_in_beforehand(signed_in)
    stage.configure(alerts="burst = 5")
    stage.daemon.start_and_watch()
    templates.tell("burst", count=8)
    eventually(lambda: count_rings(stage.phone.rings) >= 8, "eight sales told")
    wait_for_truth(stage)
    assert stage.daemon.stop() == 0
    assert [push.sales for push in stage.phone.rings] == [8]
    assert count_products(stage.phone.rings) == Counter(
        book["items"][0]["product"] for book in templates.books()[-8:]
    )
