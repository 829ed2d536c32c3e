"""The ka-ching: our own sound, in every format that a phone or a service may ask for.

The four files beside this module are what people upload at a service or import into an app.
`synthesis` makes the sound from nothing but arithmetic, `formats` writes it as WAV and CAF, and
`python -m salesdaemon.sounds` makes all files again. Nothing here is needed to ring: a service
plays the sound that its owner has put there.
"""

from importlib.resources import files

NAME = "kaching"
# The type of each file, by its ending.
MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "caf": "audio/x-caf",
    "wav": "audio/wav",
}
FILE_NAMES = tuple(f"{NAME}.{ending}" for ending in MEDIA_TYPES)
CHECKSUMS = "SHA256SUMS"


def media_type(file_name: str) -> str:
    """Return the media type of one of `FILE_NAMES`."""
    return MEDIA_TYPES[file_name.rpartition(".")[2]]


def read_sound(file_name: str) -> bytes:
    """Return the bytes of one of `FILE_NAMES`."""
    return (files(__name__) / file_name).read_bytes()
