"""What each service takes is known from the channel's URL alone."""

import subprocess
import sys
from datetime import timedelta

import pytest

from salesdaemon.domain.limits import UNLIMITED, Limits
from salesdaemon.notify.channels import Channel

SECOND = timedelta(seconds=1)
CHAT, GROUP = Limits(gap=SECOND), Limits(gap=SECOND, per_minute=20)
DISCORD = Limits(gap=SECOND / 2, per_minute=30)
NTFY_PUBLIC = Limits(per_minute=12, per_day=250)
TOKEN = "123456789:abcdefg_hijklmnop"


@pytest.mark.parametrize(
    ("url", "limits"),
    [
        (f"tgram://{TOKEN}/12315544/", CHAT),
        (f"tgram://{TOKEN}/-1001234567890", GROUP),
        (f"tgram://{TOKEN}/12315544/@shopnews", GROUP),
        (f"tgram://{TOKEN}?to=12315544,-100123", GROUP),
        (f"tgram://{TOKEN.replace(':', '%3A')}/%2D1001234567890/", GROUP),
        ("discord://1234567890/abcdefghijkl_token", DISCORD),
        ("https://discord.com/api/webhooks/1234567890/abcdefghijkl_token", DISCORD),
        ("pover://user@token", Limits(per_month=10_000)),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/%23sales", Limits(gap=SECOND)),
        ("https://hooks.slack.com/services/T1/A1/token", Limits(gap=SECOND)),
        ("ntfy://sales-k7w2", NTFY_PUBLIC),
        ("ntfys://ntfy.sh/sales-k7w2?priority=high", NTFY_PUBLIC),
        ("https://ntfy.sh/sales-k7w2", NTFY_PUBLIC),
        ("ntfys://user:password@ntfy.sh/sales", NTFY_PUBLIC),
        ("ntfys://ntfy.sh/one/two", Limits(per_minute=6, per_day=125)),
        ("ntfys://one/two?mode=cloud", Limits(per_minute=6, per_day=125)),
        (f"ntfys://ntfy.sh/{'/'.join('abcdefghijklmnop')}", Limits(per_minute=1, per_day=15)),
        ("ntfys://ntfy.example.com/sales", UNLIMITED),
        ("ntfy://192.168.1.5:8080/one/two", UNLIMITED),
        ("gotify://192.168.1.5/token", UNLIMITED),
        ("json://127.0.0.1:8080/", UNLIMITED),
        ("barks://api.day.app/key", UNLIMITED),
        ("mailtos://me:secret@example.com", Limits(per_minute=20)),
        ("matrixs://user:token@example.com/!room:example.com", Limits()),
        ("https://example.com/hook", Limits()),
        ("JSON://[half-an-address", Limits()),
        ("nonsense", Limits()),
    ],
)
def test_the_url_tells_what_its_service_takes(url: str, limits: Limits) -> None:
    assert Channel("phone", url, None).limits == limits


def test_asking_for_the_limits_imports_no_apprise() -> None:
    program = (
        "import sys; from salesdaemon.notify.channels import Channel; "
        "Channel('phone', 'ntfy://sales', None).limits; sys.exit('apprise' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
