"""The way out of a push: a message of ours becomes a ring on the owner's phone.

`relay.py` leases what waits in the outbox and `texts.py` words it: rings and bursts itself, recaps
in `recaps.py`, all else in `events.py`, milestones and payouts in `occasions.py`, with phrases from
`sales.py`, amounts and dates from `amounts.py`, and an owner's own words from `templates.py`, which
`sandbox.py` keeps in bounds. `message.py` holds the result.

`channels.py` is the door out: a `Channel` for each table of the configuration, with `deliver`, and
`problems` and `notes` for `check`. Behind it, in the order a message takes: `plugins.py` finds the
one Apprise plugin that the URL names and builds it anew for each loudness and sound, so that a
silent message never shares settings with a ring; `sounds.py` knows which sounds a service plays;
`wording.py` cleans, escapes and cuts the text with the pure functions of `escaping.py`;
`exchange.py` notes what the service really answered, `mail_exchange.py` what a mail server did;
`verdict.py` turns that into one line for people and an error that says whether trying again can
help, with the advice of `remedies.py`. What differs from service to service is data in
`services.py`, `allowances.py` (how much it takes) and `corrections.py` (what Apprise leaves out): a
new habit of a service is a line there.
"""
