"""The database: tables, transactions and the questions asked of them.

The only importer of SQLAlchemy. `Store` holds the engine and hands out read and write
transactions; the modules beside it are plain functions over one connection, so that what
belongs together is written together. SQLite and PostgreSQL run the same statements.
"""
