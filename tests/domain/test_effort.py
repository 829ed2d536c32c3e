import pytest

from salesdaemon.domain.effort import PHYSICAL, CatalogueWord, classify

YOURS = "your configuration: "


@pytest.mark.parametrize(
    ("passive", "found"),
    [
        (True, (True, "digital and not personalised")),
        (False, (False, "physical or personalised")),
        (None, (None, "the marketplace does not say")),
    ],
)
def test_without_a_word_of_the_owner_the_marketplaces_counts(
    passive: bool | None, found: tuple[bool | None, str]
) -> None:
    assert classify(passive, shop="prints", product="Planner", overrides={}) == found
    others = {"prints:Card*": False, "templates:*": False}
    assert classify(passive, shop="prints", product="Planner", overrides=others) == found


@pytest.mark.parametrize(
    ("pattern", "product"),
    [
        ("templates:Logo commission*", "Logo commission, three drafts"),
        ("*commission*", "Logo commission"),
        ("temp*:Logo?commission", "Logo commission"),
        ("templates:*", None),
        ("templates:", None),
        ("templates:Kit: large", "Kit: large"),
        ("Kit: large*", "Kit: large, blue"),
        ("templates:Logo\ncommission", "Logo\ncommission"),
        ("templates:[[]A4] sheet", "[A4] sheet"),
    ],
)
def test_the_owners_word_wins(pattern: str, product: str | None) -> None:
    found = classify(True, shop="templates", product=product, overrides={pattern: False})
    assert found == (False, YOURS + pattern)


@pytest.mark.parametrize(
    ("pattern", "product"),
    [
        ("prints:*", "Planner"),
        ("templates:planner", "Planner"),
        ("templates:Plan", "Planner"),
        ("Planner*", None),
    ],
    ids=["another shop", "another case", "only a part", "no title"],
)
def test_a_pattern_that_does_not_fit_says_nothing(pattern: str, product: str | None) -> None:
    found = classify(None, shop="templates", product=product, overrides={pattern: True})
    assert found == (None, "the marketplace does not say")


def test_the_first_pattern_that_fits_wins() -> None:
    overrides = {"templates:Logo*": False, "*": True}
    for product, expected in (("Logo", (False, "templates:Logo*")), ("Planner", (True, "*"))):
        found = classify(None, shop="templates", product=product, overrides=overrides)
        assert found == (expected[0], YOURS + expected[1])


@pytest.mark.parametrize(
    ("passive", "word", "found"),
    [
        (True, CatalogueWord(False, "made to order"), (False, "the catalogue: made to order")),
        (True, CatalogueWord(False, "a commission"), (False, "the catalogue: a commission")),
        (True, CatalogueWord(False, PHYSICAL), (True, "digital and not personalised")),
        (True, CatalogueWord(True, "a download"), (True, "digital and not personalised")),
        (True, CatalogueWord(None, "both"), (True, "digital and not personalised")),
        (False, CatalogueWord(True, "a download"), (False, "physical or personalised")),
        (None, CatalogueWord(True, "a download"), (True, "the catalogue: a download")),
        (None, CatalogueWord(False, PHYSICAL), (False, "the catalogue: physical")),
        (None, CatalogueWord(False, "made to order"), (False, "the catalogue: made to order")),
        (None, CatalogueWord(None, "both"), (None, "the marketplace does not say: both")),
    ],
)
def test_the_catalogue_tells_what_an_order_cannot(
    passive: bool | None, word: CatalogueWord, found: tuple[bool | None, str]
) -> None:
    told = classify(passive, shop="prints", product="Planner", overrides={}, catalogue=word)
    assert told == found


def test_the_owners_word_beats_the_catalogues() -> None:
    word = CatalogueWord(False, "made to order")
    found = classify(None, shop="prints", product="Bowl", overrides={"*": True}, catalogue=word)
    assert found == (True, f"{YOURS}*")
