"""Make the ka-ching: a lever, a drawer, two strikes of a small bell and the shimmer of coins.

Pure arithmetic with a noise of its own, so the samples are the same on every machine but for the
last bit, which is the C library's sine.
"""

import math
from collections.abc import Iterator

RATE_HERTZ = 44_100
LENGTH_SECONDS = 1.2
LOUDEST_SAMPLE = 32_767  # 16 bits

_PEAK = 0.89  # 1 dB under the loudest that there is, so that no encoder clips
_FADE_SECONDS = 0.05
_NOISE_SEED = 20_261_122

# "ka": the lever, then the drawer (second, level)
_CLICKS = ((0.000, 0.9), (0.070, 0.6))
_CLICK_SECONDS = 0.09
_CLICK_NOISE = (0.7, 140)  # level, decay per second
_CLICK_THUMP = (0.6, 180, 60)  # level, hertz, decay per second

# "ching": two strikes (second, level)
_STRIKES = ((0.105, 0.42), (0.180, 0.30))
_STRIKE_ATTACK_SECONDS = 0.002
# Partials out of tune with each other make a small bright bell: hertz, level, decay per second.
_PARTIALS = (
    (2093.0, 1.0, 4.2),
    (3136.0, 0.75, 5.0),
    (4186.0, 0.35, 7.0),
    (5650.0, 0.30, 9.0),
    (8372.0, 0.12, 14.0),
)

# Coins that settle after the first strike: second, level, decay per second
_COINS = (0.105, 0.05, 12)


def synthesise() -> list[int]:
    """Return the samples of the ka-ching: one channel of 16 bits at `RATE_HERTZ`."""
    noise = _noise(_NOISE_SEED)
    wave = [_sound(index / RATE_HERTZ, next(noise)) for index in range(_sample_count())]
    peak = max(abs(value) for value in wave)
    return [round(value / peak * _PEAK * LOUDEST_SAMPLE) for value in wave]


def _sample_count() -> int:
    return int(RATE_HERTZ * LENGTH_SECONDS)


def _noise(seed: int) -> Iterator[float]:
    """Go through a noise between -1 and 1 that is the same at every run and in every Python."""
    state = seed
    while True:
        state = (1_103_515_245 * state + 12_345) & 0x7FFFFFFF
        yield state / 0x3FFFFFFF - 1.0


def _sound(second: float, noise: float) -> float:
    lever, drawer = (_click(second - at, noise, level) for at, level in _CLICKS)
    first, again = (_strike(second - at, level) for at, level in _STRIKES)
    # In this order: a sum of floats in another one may round to another last bit.
    value = (lever + drawer) + (first + again) + _coins(second, noise)
    return value * min(1.0, (LENGTH_SECONDS - second) / _FADE_SECONDS)


def _click(since: float, noise: float, level: float) -> float:
    """Return a very short burst of noise with a low thump under it."""
    if not 0 <= since <= _CLICK_SECONDS:
        return 0.0
    loud, fading = _CLICK_NOISE
    thump, hertz, dying = _CLICK_THUMP
    rattle = loud * noise * math.exp(-since * fading)
    return level * (rattle + thump * _sine(hertz, since) * math.exp(-since * dying))


def _strike(since: float, level: float) -> float:
    """Return the bell, struck `since` seconds ago."""
    if since < 0:
        return 0.0
    attack = min(1.0, since / _STRIKE_ATTACK_SECONDS)
    return (
        level
        * attack
        * sum(
            partial * _sine(hertz, since) * math.exp(-decay * since)
            for hertz, partial, decay in _PARTIALS
        )
    )


def _coins(second: float, noise: float) -> float:
    begin, level, decay = _COINS
    if second <= begin:
        return 0.0
    return level * noise * math.exp(-(second - begin) * decay)


def _sine(hertz: float, second: float) -> float:
    return math.sin(2 * math.pi * hertz * second)
