"""Write samples as files, and read them: the formats that need no encoder."""

import io
import struct
import wave
from collections.abc import Sequence

_BYTES_PER_SAMPLE = 2
_BITS_PER_SAMPLE = 16
_CAF_LITTLE_ENDIAN = 2  # kCAFLinearPCMFormatFlagIsLittleEndian
_CAF_NO_EDITS = 0


def wav(samples: Sequence[int], rate_hertz: int) -> bytes:
    """Return one channel of 16-bit samples as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(_BYTES_PER_SAMPLE)
        writer.setframerate(rate_hertz)
        writer.writeframes(_little_endian(samples))
    return file.getvalue()


def read_wav(content: bytes) -> list[int]:
    """Return the samples of a WAV file of one channel and 16 bits."""
    with wave.open(io.BytesIO(content)) as reader:
        frames = reader.readframes(reader.getnframes())
    return [sample for (sample,) in struct.iter_unpack("<h", frames)]


def caf(samples: Sequence[int], rate_hertz: int) -> bytes:
    """Return one channel of 16-bit samples as a CAF file, which iOS plays for a notification.

    Source: Apple Core Audio Format Specification 1.0 (read 2026-11).
    """
    description = struct.pack(
        ">d4sIIIII",
        rate_hertz,
        b"lpcm",
        _CAF_LITTLE_ENDIAN,
        _BYTES_PER_SAMPLE,  # bytes per packet
        1,  # frames per packet
        1,  # channels
        _BITS_PER_SAMPLE,
    )
    sound = struct.pack(">I", _CAF_NO_EDITS) + _little_endian(samples)
    header = struct.pack(">4sHH", b"caff", 1, 0)
    return header + _chunk(b"desc", description) + _chunk(b"data", sound)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">4sq", kind, len(content)) + content


def _little_endian(samples: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(samples)}h", *samples)
