"""Text is harmless before it leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.notify.escaping import (
    break_mentions,
    clean,
    clean_line,
    escape_markdown,
    escape_rocket_chat,
    shorten,
)

ANY_TEXT = st.text(st.characters(codec=None), max_size=200)  # lone surrogates as well


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Mug \n", "Mug"),
        ("a\0b", "ab"),
        ("a\tb\x1b[31mc\x85d", "a b [31mc d"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("\u202eknup\u202c and \u2066iso\u2069", "knup and iso"),
        ("\u200f12.00 \u200f₪", "\u200f12.00 \u200f₪"),
        ("\ud83d\ude00", "😀"),
        ("lone \ud83d end", "lone \ufffd end"),
        ("\ufffe", "\ufffd"),
        ("", ""),
    ],
    ids=[
        "ends",
        "nul",
        "controls",
        "line ends",
        "bidi controls",
        "bidi marks stay",
        "pair",
        "lone",
        "noncharacter",
        "empty",
    ],
)
def test_cleaned_text_is_plain(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_a_title_has_one_line() -> None:
    assert clean_line("Ka-ching!\n€12.00") == "Ka-ching! €12.00"


@given(ANY_TEXT)
def test_cleaned_text_can_always_be_sent_and_stays_clean(text: str) -> None:
    cleaned = clean(text)

    assert cleaned.encode().decode() == cleaned
    assert not set(cleaned) & {chr(code) for code in range(32)} - {"\n"}
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**bold** _it_ ~~gone~~", r"\*\*bold\*\* \_it\_ \~\~gone\~\~"),
        ("`code` ||spoiler|| [a](b)", r"\`code\` \|\|spoiler\|\| \[a\](b)"),
        ("already \\* escaped", r"already \\\* escaped"),
        ("# head\n> quote\n- item\n  12. item", "\\# head\n\\> quote\n\\- item\n  12\\. item"),
        ("        code", "   code"),
        ("€12.00 (2x A-4), #1!", "€12.00 (2x A-4), #1!"),
    ],
    ids=["emphasis", "code", "backslash", "blocks", "indented code", "prices stay readable"],
)
def test_markdown_arrives_as_text(text: str, expected: str) -> None:
    assert escape_markdown(text) == expected


def test_rocket_chat_gets_the_escapes_it_knows_and_no_links() -> None:
    assert escape_rocket_chat("# *Mug* (a-b) [x](y)") == "\\# \\*Mug\\* (a-b) [x]\u200b(y)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@everyone", "@\u200beveryone"),
        ("<@123> <!here> <#C1>", "<\u200b@\u200b123> <\u200b!here> <\u200b#C1>"),
        ("<at user_id='all'></at>", "<\u200bat user_id='all'><\u200b/at>"),
        ("2 < 3 <3", "2 < 3 <3"),
    ],
)
def test_mentions_lose_their_power(text: str, expected: str) -> None:
    assert break_mentions(text) == expected


@given(st.text(max_size=60), st.integers(0, 40))
def test_a_shortened_text_fits_and_shows_that_it_was_cut(text: str, room: int) -> None:
    short = shorten(text, lambda candidate: len(candidate) <= room)

    assert len(short) <= room
    assert short == text or not short or short.endswith("…")
