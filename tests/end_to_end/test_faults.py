import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.phone import count_products
from tests.end_to_end.stage import Stage, eventually
from tests.end_to_end.truth import differences, wait_for_truth

SECONDS_OF_TROUBLE = 0.7
ALWAYS: dict[str, Any] = {"times": 1000}
ORDERS: dict[str, Any] = {"path_contains": "/receipts"}
PAGED = {"stuck", "repeated", "shift"}  # only a poll that turns pages meets them
SALES: dict[str, Any] = {"path_contains": "/sales"}

PRINTS: dict[str, dict[str, Any]] = {
    "429": ALWAYS,
    "429, wait": {**ALWAYS, "seconds": 2},
    "500": ALWAYS,
    "503": ALWAYS,
    "hang": {"times": 1, "seconds": 3},
    "reset": ALWAYS,
    "truncated": ALWAYS,
    "html": ALWAYS,
    "empty_body": ALWAYS,
    "wrong_json": ALWAYS,
    "wrong_types": {**ALWAYS, **ORDERS},
    "null_fields": {**ALWAYS, **ORDERS},
    "stuck": {**ALWAYS, **ORDERS},
    "shift": {"times": 3, **ORDERS, "count": 2},
}
TEMPLATES: dict[str, dict[str, Any]] = {
    "429": ALWAYS,
    "429, wait": {**ALWAYS, "seconds": 2},
    "500": ALWAYS,
    "503": ALWAYS,
    "hang": {"times": 1, "seconds": 3},
    "reset": ALWAYS,
    "truncated": ALWAYS,
    "html": ALWAYS,
    "empty_body": ALWAYS,
    "wrong_json": ALWAYS,
    "success_false": ALWAYS,
    "timed_out": {**ALWAYS, **SALES},
    "wrong_types": {**ALWAYS, **SALES},
    "null_fields": {**ALWAYS, **SALES},
    "stuck": {**ALWAYS, **SALES},
    "repeated": {**ALWAYS, **SALES},
}


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("name", "faults"), [("prints", PRINTS), ("templates", TEMPLATES)])
def test_no_fault_of_a_shop_loses_a_sale(
    name: str, faults: dict[str, dict[str, Any]], stage: Stage, signed_in: Path
) -> None:
    stage.sign_in_beforehand(signed_in)
    open_shop = stage.open_prints if name == "prints" else stage.open_templates
    shop = open_shop("--history", "60")
    history = {book["sale_id"] for book in shop.books()}
    stage.configure()
    stage.daemon.start_and_watch()
    wait_for_truth(stage)

    for kind, how in faults.items():
        before = shop.strikes()
        shop.fault(kind.partition(",")[0], **how)
        shop.tell("burst", count=30 if kind in PAGED else 1)
        shop.sell(f"Sold in {kind}")
        eventually(lambda: shop.strikes() > before, f"{kind} strikes")  # noqa: B023 - called here
        time.sleep(SECONDS_OF_TROUBLE)
        shop.mend()
        stage.wait_for_rings([f"Sold in {kind}"])

    wait_for_truth(stage)
    eventually(lambda: len(stage.phone.rings) >= len(shop.books()) - len(history), "all rung")
    assert stage.daemon.stop() == 0
    assert differences(stage, stage.printed("sales", "--format", "jsonl")) == []
    assert count_products(stage.phone.rings) == Counter(
        book["items"][0]["product"] for book in shop.books() if book["sale_id"] not in history
    )
