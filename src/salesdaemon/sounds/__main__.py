"""Make the files of the ka-ching again, or check them: `make sounds` and `make generated`."""

import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from salesdaemon.sounds import CHECKSUMS, FILE_NAMES, NAME, read_sound
from salesdaemon.sounds.formats import caf, read_wav, wav
from salesdaemon.sounds.synthesis import RATE_HERTZ, synthesise

FOLDER = Path(__file__).parent
# Without dates, versions and names of the encoder the same sound is the same bytes each time.
# (sox draws a random number for every OGG, so it will not do.)
_SAME_BYTES = ("-fflags", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", "-1")
_ENCODERS = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "96k"),
    "ogg": ("-c:a", "libvorbis", "-q:a", "3"),
}
# Another version or processor may make other bytes of the same sound.
_ENCODED_WITH = "ffmpeg version 5.1"
_ENCODED_ON = "x86_64"
_ENCODER = f"ffmpeg 5.1 on {_ENCODED_ON}"


def main(arguments: list[str]) -> int:
    """Write the files and their checksums; with `--check`, say what is not as it would be made."""
    return _check() if arguments == ["--check"] else _write()


def make_files(samples: Sequence[int]) -> dict[str, bytes]:
    """Return the files of these samples by name, in alphabetical order.

    The MP3 and the OGG are left out where their encoder is not installed.
    """
    made = {
        f"{NAME}.caf": caf(samples, RATE_HERTZ),
        f"{NAME}.wav": wav(samples, RATE_HERTZ),
    }
    if _encoder_is_here():
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, f"{NAME}.wav")
            source.write_bytes(made[source.name])
            made |= {f"{NAME}.{ending}": _encode(source, ending) for ending in _ENCODERS}
    return dict(sorted(made.items()))


def checksums(contents: dict[str, bytes]) -> str:
    """Return the lines that `sha256sum --check` reads."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return "".join(f"{digest}  {name}\n" for name, digest in sums.items())


def _write() -> int:
    made = make_files(synthesise())
    if missing := sorted(set(FILE_NAMES) - set(made)):
        return _complain(f"{' and '.join(missing)} are made by {_ENCODER}, which is not here.")
    for name, content in made.items():
        (FOLDER / name).write_bytes(content)
    (FOLDER / CHECKSUMS).write_text(checksums(made), encoding="utf-8")
    return 0


def _check() -> int:
    kept = {name: read_sound(name) for name in sorted(FILE_NAMES)}
    samples = read_wav(kept[f"{NAME}.wav"])
    # The sine of another C library may round to the neighbour; all else follows from the WAV.
    same = len(samples) == len(fresh := synthesise())
    same = same and all(abs(one - other) <= 1 for one, other in zip(samples, fresh, strict=True))
    made = make_files(samples)
    wrong = [] if same else [f"{NAME}.wav"]
    wrong += [name for name, content in made.items() if content != kept[name]]
    if (FOLDER / CHECKSUMS).read_text(encoding="utf-8") != checksums(kept):
        wrong.append(CHECKSUMS)
    return _complain(f"{', '.join(wrong)}: run `make sounds` and review.") if wrong else 0


def _encoder_is_here() -> bool:
    if shutil.which("ffmpeg") is None or platform.machine() != _ENCODED_ON:
        return False
    return _run("-version").decode().startswith(_ENCODED_WITH)


def _encode(source: Path, ending: str) -> bytes:
    target = source.with_suffix(f".{ending}")
    _run("-v", "error", "-y", "-i", str(source), *_SAME_BYTES, *_ENCODERS[ending], str(target))
    return target.read_bytes()


def _run(*arguments: str) -> bytes:
    command = ["ffmpeg", *arguments]
    return subprocess.run(  # noqa: S603 - our own arguments
        command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ).stdout


def _complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201 - a command of the checkout
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
