from salesdaemon.digest.content import to_json
from salesdaemon.domain.report import report_json
from tests.digest.cases import ordinary_day
from tests.digest.facts import content, news, sale


def test_a_digest_is_the_report_of_its_period_and_what_it_compares_with() -> None:
    day = ordinary_day()
    said = to_json(day)
    report = report_json(day.summary, (), day.timezone)
    assert {name: said[name] for name in report} == report
    assert {name: earlier["from"] for name, earlier in said["compared"].items()} == {
        "before": "2026-11-19",
        "week_before": "2026-11-13",
        "year_before": "2025-11-21",
    }
    assert said["compared"]["week_before"]["totals"]["EUR"]["net"] == "61.10"
    assert (said["kind"], said["passive_sales"]) == ("daily", 6)


def test_the_bars_of_a_digest_end_with_what_it_is_about() -> None:
    bars = to_json(ordinary_day())["bars"]
    assert len(bars) == 30
    assert bars[-1] == {
        "from": "2026-11-20",
        "to": "2026-11-20",
        "sales": 7,
        "gross": "103.68",
        "net": "86.40",
        "passive_net": "71.20",
        "active_net": "15.20",
        "unclassified_net": "0.00",
        "converted": True,
    }


def test_news_stand_beside_the_totals_with_their_changes() -> None:
    said = to_json(content([sale(965)], news=(news("refund", refunded=1200, net=-965),)))
    assert said["totals"]["EUR"]["net"] == "9.65"
    assert said["news"] == [
        {
            "kind": "refund",
            "shop": "templates",
            "sale_id": "n1",
            "product": "Weekly planner",
            "sold_on": "2026-11-17",
            "seen_at": "2026-11-20T18:30:00Z",
            "currency": "EUR",
            "gross_delta": "0.00",
            "refunded_delta": "12.00",
            "net_delta": "-9.65",
        }
    ]
