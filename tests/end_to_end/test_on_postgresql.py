from collections.abc import Iterator

import pytest
from sqlalchemy import URL, create_engine, text

from tests.databases import PostgreSQL
from tests.end_to_end.browser import sign_in
from tests.end_to_end.phone import count_products
from tests.end_to_end.stage import Stage, eventually
from tests.end_to_end.truth import differences


@pytest.fixture
def empty_database(postgresql_server: PostgreSQL) -> Iterator[URL]:
    url = postgresql_server.create_empty()
    yield url
    postgresql_server.drop(url)


def cut_connections(url: URL) -> int:
    """End every other session on this database; returns how many there were."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            ended = connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            return len(ended.all())
    finally:
        engine.dispose()


@pytest.mark.timeout(200)
def test_postgresql_is_upgraded_on_request_and_survives_cut_connections(
    empty_database: URL, stage: Stage
) -> None:
    prints = stage.open_prints("--history", "200")
    templates = stage.open_templates("--history", "200")
    stage.configure(database=empty_database.render_as_string(hide_password=False))
    refused = stage.command("run")
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        1,
        "",
        "The database has not the tables of this version. Run `salesdaemon db upgrade`.\n",
    )
    upgraded = stage.command("db", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    assert sign_in(stage) == "prints is ready; a running daemon picks it up by itself."

    stage.daemon.start_and_watch()
    second = stage.command("run")
    assert (second.returncode, second.stderr) == (
        1,
        "Another salesdaemon runs on this database. Stop it first, or use another database.\n",
    )
    wait_for_the_books(stage)
    eventually(lambda: stage.phone.pushes, "that the watch began")
    products = ["First print", "First template"]
    prints.sell(products[0])
    templates.sell(products[1])
    stage.wait_for_rings(products)

    assert cut_connections(empty_database) > 0
    products += ["Print after the cut", "Template after the cut"]
    prints.sell(products[2])
    templates.sell(products[3])
    stage.wait_for_rings(products)
    wait_for_the_books(stage)
    assert stage.daemon.stop() == 0
    assert count_products(stage.phone.rings) == dict.fromkeys(products, 1)
    assert [push.title for push in stage.phone.others] == ["Watching 2 shops"]


def wait_for_the_books(stage: Stage) -> None:
    eventually(
        lambda: not differences(stage, stage.printed("sales", "--format", "jsonl")),
        "the store to equal the books",
    )
