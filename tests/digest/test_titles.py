import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.digest.titles import clean, columns, fit, isolate, wrap

PERSIAN = "می\u200cخواهم"  # noqa: RUF001 - the letters are Persian on purpose
HEBREW = "שלום 12"
ANY_TEXT = st.text(st.characters(codec=None), max_size=400)


@pytest.mark.parametrize(
    ("title", "printed"),
    [
        pytest.param(None, "", id="none"),
        pytest.param(" \r\n\t ", "", id="blank"),
        pytest.param("a\x00b\x1bc\u2028d", "a b c d", id="control characters"),
        pytest.param("invoice\u202egnp.exe", "invoicegnp.exe", id="direction override"),
        pytest.param("a\ud800b\ufffe", "ab", id="surrogate"),
        pytest.param(PERSIAN, PERSIAN, id="joiner kept"),
        pytest.param("z" + "\u0335" * 90, "z" + "\u0335" * 4, id="tower of marks"),
        pytest.param("<b>&amp;", "<b>&amp;", id="markup is text"),
        pytest.param("x" * 6000, "x" * 19 + "…", id="long"),
    ],
)
def test_a_title_becomes_one_printable_line(title: str | None, printed: str) -> None:
    assert clean(title, 20) == printed


@given(ANY_TEXT, st.integers(2, 80))
def test_whatever_a_title_holds_it_fits_and_can_be_sent(title: str, limit: int) -> None:
    line = clean(title, limit)
    line.encode()
    assert len(line) <= limit
    assert not {unicodedata.category(character) for character in line} & {"Cc", "Cs", "Zl", "Zp"}


@given(ANY_TEXT, st.integers(4, 80))
def test_a_fitted_line_is_no_wider_than_its_room(title: str, room: int) -> None:
    line = fit(isolate(clean(title, 100)), room)
    assert columns(line) <= room
    assert line.count("\u2068") == line.count("\u2069")


@given(st.lists(ANY_TEXT, max_size=20), st.integers(4, 80))
def test_wrapped_lines_are_no_wider_than_their_room(words: list[str], room: int) -> None:
    text = " ".join(clean(word, 30) for word in words)
    assert max((columns(line) for line in wrap(text, room)), default=0) <= room


def test_only_a_right_to_left_title_is_isolated() -> None:
    assert isolate("Planner") == "Planner"
    assert isolate(HEBREW) == f"\u2068{HEBREW}\u2069"
