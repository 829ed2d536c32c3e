"""What the daemon answers over HTTP: whether it lives, whether all is well, and its figures.

It reads the store and the daemon's own state, never a marketplace, and shows no amount or title.
Beside that it hands out the ka-ching, for a phone to download.
"""
