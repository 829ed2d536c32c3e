"""Channels: one `[channels.<name>]` table each, delivering through Apprise."""

import asyncio
import importlib
import ipaddress
import threading
from collections.abc import Callable
from concurrent.futures import Future

from salesdaemon.domain.limits import Limits
from salesdaemon.errors import DeliveryError
from salesdaemon.notify import sounds, verdict
from salesdaemon.notify.allowances import limits_of
from salesdaemon.notify.exchange import Exchange, watching
from salesdaemon.notify.mail_exchange import watch_mail
from salesdaemon.notify.message import Message, Tone
from salesdaemon.notify.plugins import (
    Address,
    Loudness,
    Plugin,
    Sound,
    build,
    declared_schemes,
    module_name,
    read_address,
)
from salesdaemon.notify.wording import word

# Sounds that a seller will look for first.
_CASH = ("cashregister", "paymentsuccess", "cash")


class Channel:
    """One way to the owner's phone, desk or wall, by any Apprise URL.

    Building one costs nothing; the first `deliver`, `problems` or `notes` imports Apprise and
    the one plugin it needs. Messages of a channel leave one after the other.

    Apprise blocks, so each delivery runs in a daemon thread of its own instead of a pool: a
    service that hangs keeps neither the loop, nor other channels, nor the interpreter's exit
    waiting. After `deadline_seconds`, or when `deliver` is cancelled, the thread is left behind:
    it sends no further request, but the one under way may still arrive. While it lives, the
    channel refuses further messages for now, so a channel never has more than one thread.
    """

    deadline_seconds = 30.0

    def __init__(self, name: str, url: str, sound: str | None) -> None:
        self.name = name
        self._url = url
        self._sound = sound
        self._plugins: dict[tuple[Loudness, str | None], Plugin] = {}
        self._turn = asyncio.Lock()
        self._answer: Future[str] | None = None

    def __repr__(self) -> str:
        return f"Channel({self.name!r})"  # the URL is a secret

    @property
    def limits(self) -> Limits:
        """Return how many messages its service takes, without importing Apprise."""
        return limits_of(self._url)

    async def deliver(self, message: Message) -> str:
        """Send one message and return what the service answered, one short line for people.

        A URL with several targets is one delivery: where one of them refuses, all get the message
        again at the next try.

        Raises:
            DeliveryError: it did not arrive, or nobody can tell. Its text holds neither the URL
                nor a token nor the message.
        """
        async with self._turn:
            if self._answer is not None and not self._answer.done():
                raise DeliveryError(
                    f"Channel '{self.name}' still waits for the answer to an earlier message.",
                    permanent=False,
                )
            exchange = Exchange()
            self._answer = self._start(lambda: self._send(message, exchange))
            waiting = asyncio.wrap_future(self._answer)
            try:
                return await asyncio.wait_for(waiting, self.deadline_seconds)
            except TimeoutError as error:
                raise verdict.no_answer(
                    self.name, self._service_name(), self.deadline_seconds
                ) from error
            finally:
                exchange.abandoned = True

    def problems(self) -> list[str]:
        """Return what keeps this channel from working as configured, one sentence and fix each.

        Nothing is sent.
        """
        try:
            unknown = self._unknown_sounds(self._address())
            if not unknown:  # a plugin may refuse a URL over its sound without saying so
                self._plugin(Loudness.RING)
        except DeliveryError as error:
            return [str(error)]
        return unknown

    def problems_with(self, sound: str) -> list[str]:
        """Return why its service cannot play a sound; nothing where its URL is what is wrong."""
        try:
            address = self._address()
        except DeliveryError:
            return []
        takes_none = sounds.sound_argument(address.plugin) is None
        if takes_none or sounds.sound_value(address.plugin, sound) is not None:
            return []
        return [sounds.unknown_sound(address.plugin, sound)]

    def notes(self) -> list[str]:
        """Return what the owner may want to know about a channel without problems."""
        try:
            address = self._address()
            self._plugin(Loudness.RING)
        except DeliveryError:
            return []
        return [*self._sound_notes(address), *_encryption_notes(address)]

    def _unknown_sounds(self, address: Address) -> list[str]:
        argument = sounds.sound_argument(address.plugin)
        if argument is None:
            return []
        wanted = [self._sound]
        if module_name(address.plugin) != "pushover":  # its URL may name an uploaded sound
            wanted.append(address.arguments.get(argument))
        return [
            sounds.unknown_sound(address.plugin, sound)
            for sound in wanted
            if sound and sounds.sound_value(address.plugin, sound) is None
        ]

    def _sound_notes(self, address: Address) -> list[str]:
        name = str(address.plugin.service_name)
        argument = sounds.sound_argument(address.plugin)
        if argument is None:
            effect = " `sound` has no effect." if self._sound else ""
            return [f"{name} plays the sound set on the phone or in the app.{effect}"]
        given = address.arguments.get(argument)
        if self._sound and given:
            return ["The url names a sound of its own, so `sound` has no effect."]
        if own := sounds.own_sound_note(address.plugin, given or self._sound or ""):
            return [own]
        known = sounds.known_sounds(address.plugin)
        if not self._sound and not given and known:
            example = next((one for one in _CASH if one in known), next(iter(known)))
            return [f'{name} can play a sound of its own for sales: sound = "{example}".']
        return []

    def _start(self, work: Callable[[], str]) -> Future[str]:
        answer: Future[str] = Future()
        # Marked as running at once: a cancelled wait must not cancel the future under the thread.
        answer.set_running_or_notify_cancel()

        def run() -> None:
            try:
                answer.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it belongs to the one who waits
                answer.set_exception(error)

        threading.Thread(target=run, name=f"channel-{self.name}", daemon=True).start()
        return answer

    def _send(self, message: Message, exchange: Exchange) -> str:
        address = self._address()
        plugin = self._plugin(_loudness(message), message.sound)
        name = str(plugin.service_name)
        title, body = word(message, plugin, address.service)
        apprise = importlib.import_module("apprise").Apprise()
        apprise.add(plugin)
        watch_mail()
        with watching(exchange):
            result = apprise.notify(
                title=title, body=body, notify_type=message.tone.value, body_format="text"
            )
        if result:
            return verdict.accepted(name, exchange)
        logs = [entry.message for entry in result.logs()]
        discretion = verdict.Discretion(self._url, (title, body))
        sender = verdict.Sender(self.name, name, module_name(address.plugin))
        raise verdict.refusal(sender, exchange, logs, discretion)

    def _plugin(self, loudness: Loudness, sound: str | None = None) -> Plugin:
        key = (loudness, sound if loudness is Loudness.RING else None)
        if key not in self._plugins:
            self._plugins[key] = self._build(*key)
        return self._plugins[key]

    def _build(self, loudness: Loudness, sound: str | None) -> Plugin:
        """Build the plugin for a loudness, with a rule's own sound where the service plays it."""
        address = self._address()
        argument = sounds.sound_argument(address.plugin)
        if argument is None:
            return build(address, loudness)
        # A sound that the service does not know must not cost the ring itself.
        chosen, usual = (
            sounds.sound_value(address.plugin, each) if each else None
            for each in (sound, self._sound)
        )
        if chosen is not None:
            return build(address, loudness, Sound(argument, chosen, beats_url=True))
        return build(address, loudness, None if usual is None else Sound(argument, usual))

    def _address(self) -> Address:
        return read_address(self.name, self._url)

    def _service_name(self) -> str:
        plugin = next(iter(self._plugins.values()), None)
        return str(plugin.service_name) if plugin else "The service"


def _loudness(message: Message) -> Loudness:
    if message.silent:
        return Loudness.SILENT
    return Loudness.RING if message.tone is Tone.RING else Loudness.PLAIN


def _encryption_notes(address: Address) -> list[str]:
    scheme = str(address.arguments["schema"])
    encrypted = f"{scheme}s"
    if encrypted not in declared_schemes(address.plugin) or _is_near(address.arguments["host"]):
        return []
    return [f"{scheme}:// is not encrypted; use {encrypted}:// where the server has TLS."]


def _is_near(host: str | None) -> bool:
    """Say whether a host is this machine or one of the home network."""
    if not host or "." not in host or host.endswith((".local", ".lan", ".internal")):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False
