"""The ka-ching that is shipped: the one that we synthesise, in every format."""

import hashlib
import io
import struct
import wave
from collections.abc import Iterator
from importlib.resources import files

import pytest

from salesdaemon.sounds import CHECKSUMS, FILE_NAMES, media_type, read_sound
from salesdaemon.sounds.formats import caf, read_wav, wav
from salesdaemon.sounds.synthesis import LENGTH_SECONDS, RATE_HERTZ, synthesise

SAMPLES = 52_920  # 1.2 seconds at 44,100 hertz
SHORTEST_UPLOAD_LIMIT = 300 * 1024  # Telegram's, in bytes


def test_the_wav_is_what_the_synthesiser_makes_to_the_last_bit_but_one() -> None:
    shipped, made = read_wav(read_sound("kaching.wav")), synthesise()
    assert (len(shipped), len(made)) == (SAMPLES, SAMPLES)
    assert max(abs(one - other) for one, other in zip(shipped, made, strict=True)) <= 1


def test_it_is_loud_never_clipped_and_ends_in_silence() -> None:
    samples = read_wav(read_sound("kaching.wav"))
    assert max(abs(sample) for sample in samples) == round(0.89 * 32_767)
    assert abs(samples[-1]) <= 1


def test_the_wav_says_what_it_holds() -> None:
    content = read_sound("kaching.wav")
    with wave.open(io.BytesIO(content)) as reader:
        assert tuple(reader.getparams())[:4] == (1, 2, RATE_HERTZ, SAMPLES)
    assert wav(read_wav(content), RATE_HERTZ) == content
    assert SAMPLES / RATE_HERTZ == LENGTH_SECONDS


def test_the_caf_holds_the_samples_of_the_wav() -> None:
    content = read_sound("kaching.caf")
    samples = read_wav(read_sound("kaching.wav"))
    assert content[:8] == b"caff\x00\x01\x00\x00"
    chunks = dict(caf_chunks(content[8:]))
    assert struct.unpack(">d4sIIIII", chunks["desc"]) == (44_100.0, b"lpcm", 2, 2, 1, 1, 16)
    assert chunks["data"] == bytes(4) + struct.pack(f"<{SAMPLES}h", *samples)
    assert caf(samples, RATE_HERTZ) == content


def caf_chunks(content: bytes) -> Iterator[tuple[str, bytes]]:
    while content:
        kind, size = struct.unpack(">4sq", content[:12])
        yield kind.decode(), content[12 : 12 + size]
        content = content[12 + size :]


def test_the_mp3_lasts_as_long_as_the_wav() -> None:
    content = read_sound("kaching.mp3")
    assert content[:3] == b"ID3"
    frame = 10 + int.from_bytes(content[6:10])  # the tag's own length is small: 7 bits do
    sync, kind = content[frame], content[frame + 1]
    assert (sync, kind & 0xFE) == (0xFF, 0xFA)  # MPEG 1, layer III: 1152 samples in a frame
    assert (content[frame + 2] >> 2) & 3 == 0  # 44,100 hertz
    assert content[frame + 3] >> 6 == 3  # one channel
    info = content.index(b"Info", frame)
    frames = int.from_bytes(content[info + 8 : info + 12])
    padding = int.from_bytes(content[info + 141 : info + 144])
    assert frames * 1152 - (padding >> 12) - (padding & 0xFFF) == SAMPLES
    assert content[info + 12 : info + 16] == (len(content) - frame).to_bytes(4)


def test_the_ogg_lasts_as_long_as_the_wav() -> None:
    content = read_sound("kaching.ogg")
    identification = content.index(b"\x01vorbis")
    version, channels, rate = struct.unpack_from("<IBI", content, identification + 7)
    assert (version, channels, rate) == (0, 1, RATE_HERTZ)
    last_page = content.rindex(b"OggS")
    assert content[last_page + 5] & 4  # the stream ends with it
    assert struct.unpack_from("<q", content, last_page + 6) == (SAMPLES,)


@pytest.mark.parametrize("name", FILE_NAMES)
def test_each_file_is_the_one_that_was_made(name: str) -> None:
    listed = (files("salesdaemon.sounds") / CHECKSUMS).read_text(encoding="utf-8")
    lines = (line.split("  ") for line in listed.splitlines())
    digests = {file_name: digest for digest, file_name in lines}
    assert sorted(digests) == sorted(FILE_NAMES)
    assert hashlib.sha256(read_sound(name)).hexdigest() == digests[name]


def test_services_take_files_of_this_size() -> None:
    assert [name for name in FILE_NAMES if len(read_sound(name)) > SHORTEST_UPLOAD_LIMIT] == []


def test_each_file_has_the_type_of_its_ending() -> None:
    assert {name: media_type(name) for name in FILE_NAMES} == {
        "kaching.mp3": "audio/mpeg",
        "kaching.ogg": "audio/ogg",
        "kaching.caf": "audio/x-caf",
        "kaching.wav": "audio/wav",
    }
