"""Rules, holidays, bursts and the sign of life, with the installed command and a real phone."""

import http.server
import threading
import time
from collections.abc import Iterator

import pytest

from tests.end_to_end.phone import Push, count_products
from tests.end_to_end.shops import Templates
from tests.end_to_end.stage import Stage, eventually

ALERTS = """burst = 3
kinds = {{milestone = "off"}}
rules = [
    {{name = "samples", product = "*sample*", level = "off"}},
    {{name = "big", min_amount = "20 USD", title = "{{{{ amount }}}} for {{{{ product }}}}"}},
    {{kind = "refund", level = "on"}},
    {{kind = "free", level = "on"}},
]
[heartbeat]
url = "http://127.0.0.1:{port}/ping/secret"
every = "10s\""""


class Watcher:
    """A service that is glad of signs of life."""

    def __init__(self) -> None:
        self.beats: list[str] = []
        watcher = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                watcher.beats.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"OK")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    found = Watcher()
    yield found
    found.stop()


@pytest.mark.timeout(150)
def test_rules_holidays_and_bursts_decide_what_the_phone_hears(
    stage: Stage, watcher: Watcher
) -> None:
    templates = stage.open_templates("--history", "5")
    stage.configure(alerts=ALERTS.format(port=watcher.port))
    stage.daemon.start_and_watch()

    off = templates.sell("A sample page")
    templates.sell("Big course", price=4900)
    small = templates.sell("Small planner")
    templates.sell("Free page", price=0)
    stage.wait_for_rings(["Small planner"])
    templates.tell("refund", sale_id=small)
    eventually(lambda: "Refunded: US$12.00" in titles(stage.phone.others), "the refund")
    assert "Ka-ching! US$49.00 for Big course" in titles(stage.phone.rings)
    assert count_products(stage.phone.rings)["A sample page"] == 0
    told_softly = [push for push in stage.phone.others if not push.title.startswith("Watching")]
    assert {(push.title, push.kind) for push in told_softly} == {
        ("A free download", "info"),
        ("Refunded: US$12.00", "info"),
    }
    explained = stage.printed("rules", "explain", off, "--format", "json")
    assert (explained["rule"], explained["level"]) == ('alerts.rules[1] "samples"', "off")

    _stay_away(stage, templates)
    _sell_in_a_burst(stage, templates)
    eventually(lambda: watcher.beats, "a sign of life", within=60)
    assert set(watcher.beats) == {"/ping/secret"}
    assert stage.daemon.stop() == 0


def _stay_away(stage: Stage, templates: Templates) -> None:
    """On a holiday nothing rings, not after a crash either; its end brings one recap."""
    assert stage.command("away", "--until", "2099-12-24").returncode == 0
    heard = len(stage.phone.pushes)
    for number in range(4):
        templates.sell(f"Held {number}")
    eventually(lambda: stage.value("SELECT count(*) FROM events") >= 8, "four events")
    stage.daemon.kill()
    stage.daemon.start_and_watch()
    time.sleep(2.5)  # longer than the relay sleeps between two looks
    assert len(stage.phone.pushes) == heard
    assert stage.command("back").returncode == 0
    stage.wait_for_rings([f"Held {number}" for number in range(4)])
    (recap,) = stage.phone.pushes[heard:]
    assert (recap.title, recap.kind) == ("Sales recap: 4 sales, US$48.00", "success")
    assert recap.body.startswith("While you were away: 4 sales, US$48.00, ")


def _sell_in_a_burst(stage: Stage, templates: Templates) -> None:
    heard = len(stage.phone.rings)
    wanted = [f"Rush {number}" for number in range(30)]
    for product in wanted:
        templates.sell(product)
    eventually(lambda: sum(push.sales for push in stage.phone.rings[heard:]) >= len(wanted), "all")
    told = stage.phone.rings[heard:]
    assert sum(push.sales for push in told) == len(wanted)
    assert len(told) <= 5


def titles(pushes: list[Push]) -> list[str]:
    return [push.title for push in pushes]
