"""Ring the phone for every sale and mail what was earned.

`salesdaemon` polls marketplaces for orders, keeps them in SQL, rings once for each paid
sale and mails a digest. Start reading at `ARCHITECTURE.md`, then `daemon.py`, the place
where everything is put together.
"""
