"""Etsy's own CSV exports: order items and orders here, the monthly statement in `statement`.

Source: columns as public importers and fixtures show them, 2024-2026 (read 2026-11).
"""

from salesdaemon.marketplaces.base import ExportFile, ExportRows
from salesdaemon.marketplaces.etsy.export_items import ITEMS, read_items
from salesdaemon.marketplaces.etsy.export_orders import ORDERS, read_orders
from salesdaemon.marketplaces.etsy.settings import EtsySettings
from salesdaemon.marketplaces.etsy.statement import STATEMENT, read_statement
from salesdaemon.marketplaces.tabular import open_table


def read_export(file: ExportFile, settings: EtsySettings) -> ExportRows:
    """Read order items, orders or a statement, whichever the header says.

    Raises:
        ExportError: the file is none of them.
    """
    table = open_table(file, "Etsy", (ITEMS, ORDERS, STATEMENT))
    if table.layout is ITEMS:
        return read_items(table, settings.tariff())
    if table.layout is ORDERS:
        return read_orders(table, settings.tariff())
    return read_statement(table)
