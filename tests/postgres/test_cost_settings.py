"""The settings that the page `cost` names: a real server takes them."""

import psycopg
import pytest

from tests.guide.blocks import blocks

pytestmark = pytest.mark.postgres


def test_the_server_takes_the_settings_of_the_page_and_so_does_the_table(database: str) -> None:
    (settings,), (statement,) = blocks("cost", "ini"), blocks("cost", "sql")
    with psycopg.connect(database, autocommit=True) as connection:
        for line in settings.splitlines():
            name, _, value = line.partition(" = ")
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            connection.execute(f"ALTER SYSTEM RESET {name}")
        connection.execute("CREATE SCHEMA campaign_name")
        connection.execute("CREATE TABLE campaign_name.delivery (contact bigint)")
        connection.execute(statement)
