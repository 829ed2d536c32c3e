"""What is no mistake in a configuration, but most likely not meant: told, and never in the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from salesdaemon.settings_digest import TEMPLATES, WAYS_OUT, no_way_out
from salesdaemon.settings_models import Settings


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to think over; `key` is where it stands, such as `digest.templates`."""

    key: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.key}: {self.what} {self.fix}"


def remarks_on(settings: Settings) -> Iterator[Remark]:
    """Look at settings that were accepted, and at the folders that they name."""
    yield from _ways_out(settings)
    yield from _templates(settings)


def _ways_out(settings: Settings) -> Iterator[Remark]:
    kinds = list(settings.digest.schedules)
    if kinds and settings.mail is None and not settings.digest.leaves_without_mail:
        yield Remark("digest", no_way_out(kinds), WAYS_OUT)
    if settings.mail is not None and not kinds:
        fix = 'Give one a time, such as daily = "07:30" in [digest].'
        yield Remark("mail", "every digest is off, so none is mailed.", fix)


def _templates(settings: Settings) -> Iterator[Remark]:
    folder = settings.digest.templates
    if folder is None:
        return
    if not any(_is_file(folder / name) for name in TEMPLATES):
        what = f"the folder {folder} holds no template that we can read, so ours are used."
        yield Remark("digest.templates", what, f"It may hold {', '.join(TEMPLATES)}.")
        return
    from salesdaemon.digest.overrides import check_templates  # noqa: PLC0415 - who has none needs no Jinja

    for problem in check_templates(folder, settings.locale):
        what = f"the template {problem}"
        yield Remark("digest.templates", what, "Until it is mended, ours is used instead.")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that we may not look into
        return False
