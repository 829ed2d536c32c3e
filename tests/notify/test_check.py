"""What `check` says about channels, in sentences that never show the URL."""

import importlib
import subprocess
import sys
from typing import Any

import pytest

from salesdaemon.notify.channels import Channel
from salesdaemon.notify.plugins import Loudness, Sound, build, quietest, read_address
from salesdaemon.notify.services import OTHER_NAMES, PLUGINS, SERVICES

USER, TOKEN = "u" * 30, "a" * 30
POVER = f"pover://{USER}@{TOKEN}"


@pytest.mark.parametrize(
    ("url", "sound"),
    [
        (POVER, "cashregister"),
        (POVER, None),
        (f"{POVER}?sound=my_own", None),
        (f"{POVER}/phone/tablet", "bike"),
        ("psafers://key", "CashRegister"),
        ("barks://host/key", "paymentsuccess.caf"),
        ("lametric://key@192.168.1.2", "cash"),
        ("pushy://key/@topic", "kaching.caf"),
        ("strmlabs://" + "a" * 40, "https://example.com/kaching.mp3"),
        ("ntfy://sales", "cash"),
        ("https://discord.com/api/webhooks/12345/abcdef", None),
    ],
)
def test_a_usable_channel_has_no_problems(url: str, sound: str | None) -> None:
    assert Channel("phone", url, sound).problems() == []


@pytest.mark.parametrize(
    ("url", "sound", "problem"),
    [
        (
            POVER,
            "cashregistre",
            (
                "Pushover knows no sound 'cashregistre'. Did you mean 'cashregister'? "
                "It plays pushover, bike, bugle, classical, cosmic, falling, gamelan, incoming "
                "and others. "
                "A sound that you uploaded there yourself goes into the URL, as ?sound=NAME."
            ),
        ),
        (
            "psafers://key",
            "cash",
            (
                "Pushsafer knows no sound 'cash'. Did you mean 'cashregister'? "
                "It plays silent, ahem, applause, arrow, baby, bell, bicycle, bike and others."
            ),
        ),
        (
            "psafers://key?sound=zzz",
            None,
            (
                "Pushsafer knows no sound 'zzz'. "
                "It plays silent, ahem, applause, arrow, baby, bell, bicycle, bike and others."
            ),
        ),
        (
            "barks://host/key",
            "pay",
            (
                "Bark knows no sound 'pay'. Did you mean 'paymentsuccess'? "
                "It plays alarm, anticipate, bell, birdsong, bloom, calypso, chime, choo "
                'and others. A sound that you imported as kaching.caf is "kaching".'
            ),
        ),
        (
            "strmlabs://" + "a" * 40,
            "cash",
            "Streamlabs plays a sound from the web: set `sound` to the https:// address of a file.",
        ),
        (
            f"povr://{USER}@{TOKEN}",
            None,
            "Apprise knows no service povr:// (channel 'phone'). Did you mean pover://?",
        ),
        (
            f"msteams://{USER}/{TOKEN}",
            None,
            "Apprise knows no service msteams:// (channel 'phone'). Did you mean workflows://?",
        ),
        (
            f"qqqqqqqq://{TOKEN}",
            None,
            (
                "Apprise knows no service qqqqqqqq:// (channel 'phone'). "
                "Its list of services names the scheme to use."
            ),
        ),
        (
            TOKEN,
            None,
            (
                "The url of channel 'phone' is not an Apprise URL. It begins with the service's "
                "scheme, as in pover://USER_KEY@TOKEN."
            ),
        ),
        (
            f"pover://{USER}",
            None,
            (
                "Pushover cannot use the url of channel 'phone'. "
                "It should look like pover://USER_KEY@TOKEN."
            ),
        ),
        (
            "mqtt://localhost/sales",
            None,
            (
                "MQTT Notification cannot be used on this machine (channel 'phone'). "
                "Install paho-mqtt >= 2.1.0 into the environment of salesdaemon."
            ),
        ),
        (
            "windows://",
            None,
            (
                "Windows Notification cannot be used on this machine (channel 'phone'). "
                "It needs a desktop or a system that this machine does not have."
            ),
        ),
    ],
)
def test_a_problem_is_one_clear_sentence_with_its_fix(
    url: str, sound: str | None, problem: str
) -> None:
    channel = Channel("phone", url, sound)

    assert channel.problems() == [problem]
    assert channel.notes() == ([] if "knows no sound" not in problem else channel.notes())
    assert TOKEN not in problem + repr(channel)


@pytest.mark.parametrize(
    ("url", "sound", "notes"),
    [
        (POVER, "cashregister", []),
        (POVER, None, ['Pushover can play a sound of its own for sales: sound = "cashregister".']),
        (
            f"{POVER}?sound=kaching",
            "bike",
            ["The url names a sound of its own, so `sound` has no effect."],
        ),
        (
            "ntfys://example.com/sales",
            "cash",
            ["ntfy plays the sound set on the phone or in the app. `sound` has no effect."],
        ),
        (
            "gotify://example.com/token",
            None,
            [
                "Gotify plays the sound set on the phone or in the app.",
                "gotify:// is not encrypted; use gotifys:// where the server has TLS.",
            ],
        ),
        (
            "gotify://192.168.1.7/token",
            None,
            ["Gotify plays the sound set on the phone or in the app."],
        ),
        ("json://localhost:8080", None, ["JSON plays the sound set on the phone or in the app."]),
    ],
)
def test_notes_tell_what_is_worth_knowing(url: str, sound: str | None, notes: list[str]) -> None:
    assert Channel("phone", url, sound).notes() == notes


@pytest.fixture
def everything() -> Any:
    """Return Apprise's own register with all plugins loaded."""
    Channel("phone", "qqqqqqqq://x", None).problems()
    return importlib.import_module("apprise.plugins").N_MGR


LOADED = """
import sys
from salesdaemon.notify.channels import Channel

before = [name for name in sys.modules if name.split(".")[0] in ("apprise", "requests")]
channels = [Channel("a", "json://localhost", None), Channel("b", "pover://u@t", "bike")]
untouched = [name for name in sys.modules if name.split(".")[0] in ("apprise", "requests")]
assert [channel.problems() for channel in channels] == [[], []]
assert [len(channel.notes()) for channel in channels] == [1, 0]
plugins = sorted(name for name in sys.modules if name.startswith("apprise.plugins."))
print(before, untouched, plugins)
"""


def test_only_the_plugins_in_use_are_loaded_and_none_before_they_are_needed() -> None:
    run = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)

    loaded = ["base", "custom_json", "pushover"]
    assert run.stdout.strip() == f"[] [] {[f'apprise.plugins.{name}' for name in loaded]}"


def test_every_scheme_of_the_table_leads_where_apprise_itself_would_go(everything: Any) -> None:
    ours = {scheme: f"{module}.{name}" for scheme, (module, name) in PLUGINS.items()}
    theirs = {
        scheme: everything[scheme].__module__.removeprefix("apprise.plugins.").partition(".")[0]
        + f".{everything[scheme].__name__}"
        for scheme in PLUGINS
    }

    assert ours == theirs
    assert set(OTHER_NAMES.values()) <= set(PLUGINS)
    assert not set(OTHER_NAMES) & set(everything.schemas())
    assert set(SERVICES) <= {module for module, _ in PLUGINS.values()}


def test_the_table_holds_all_schemes_of_the_modules_it_names(everything: Any) -> None:
    modules = {module for module, _ in PLUGINS.values()}
    known = {
        scheme
        for scheme in everything.schemas()
        if everything[scheme].__module__.split(".")[2] in modules and everything[scheme].enabled
    }

    assert known <= set(PLUGINS)


def test_the_quietest_value_is_one_that_the_plugin_declares(everything: Any) -> None:
    for scheme in everything.schemas():
        for name in ("priority", "urgency", "level", "severity"):
            values = everything[scheme].template_args.get(name, {}).get("values")
            if values:
                names = values.values() if isinstance(values, dict) else values
                assert str(quietest(values)) in {str(one) for one in names}, scheme


@pytest.mark.parametrize("sound", ["dog1", "win", "alarm1", "cash", "knock"])
def test_a_lametric_alias_is_accepted_by_its_plugin(sound: str) -> None:
    address = read_address("clock", "lametric://key@192.168.1.2")

    assert Channel("clock", "lametric://key@192.168.1.2", sound).problems() == []
    assert build(address, Loudness.SILENT, Sound("sound", sound)).enabled
