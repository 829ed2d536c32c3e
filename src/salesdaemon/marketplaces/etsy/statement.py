"""Etsy's monthly statement."""

from typing import Final

from salesdaemon.marketplaces.base import ExportRows
from salesdaemon.marketplaces.tabular import Layout, Table

STATEMENT: Final = Layout("statement", ("Date", "Type", "Title", "Currency", "Amount"))


def read_statement(table: Table) -> ExportRows:
    """Read the statement."""
    return ExportRows(table.layout.kind, 0)
