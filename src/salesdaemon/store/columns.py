"""What all tables are made of: one collection, and columns for instants and sales' keys."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, ForeignKeyConstraint, MetaData, TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as milliseconds since 1970: SQLite would forget a time zone."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Turn an aware datetime into milliseconds."""
        del dialect
        return None if value is None else (value - _EPOCH) // _MILLISECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Turn milliseconds back into an aware datetime in UTC."""
        del dialect
        return None if value is None else _EPOCH + timedelta(milliseconds=value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SALE_KEY = ("account_id", "external_id")


def sale_reference() -> ForeignKeyConstraint:
    """Return the reference of a table's rows to their sale."""
    return ForeignKeyConstraint(SALE_KEY, ["sales.account_id", "sales.external_id"])
