import json
from pathlib import Path

import pytest

from salesdaemon.digest.content import DigestContent, to_json
from salesdaemon.digest.render import render_html, render_subject, render_text
from tests.digest.cases import CASES, LOCALES

GOLDEN = Path(__file__).parent / "golden"


def written(content: DigestContent, locale: str) -> dict[str, str]:
    """Write every part of a digest but its images, whose bytes another resvg may change."""
    return {
        "subject": render_subject(content, locale) + "\n",
        "txt": render_text(content, locale),
        "html": render_html(content, locale).html,
        "json": json.dumps(to_json(content), indent=2) + "\n",
    }


@pytest.mark.parametrize("case", CASES)
def test_a_digest_reads_as_it_was_reviewed(case: str, pytestconfig: pytest.Config) -> None:
    said = written(CASES[case](), LOCALES.get(case, "en_GB"))
    if pytestconfig.getoption("--update-golden"):
        for part, text in said.items():
            (GOLDEN / f"{case}.{part}").write_bytes(text.encode())
    kept = {part: (GOLDEN / f"{case}.{part}").read_bytes().decode() for part in said}
    assert said == kept


def test_no_golden_file_outlives_its_case() -> None:
    assert {path.name.rpartition(".")[0] for path in GOLDEN.iterdir()} == set(CASES)
