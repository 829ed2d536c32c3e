"""The way out of a push: a message of ours becomes a ring on the owner's phone.

`relay.py` leases what waits in the outbox, `texts.py` words it, `message.py` holds the result.
`channels.py` is the door out: a `Channel` for each table of the configuration, with `deliver`,
and `problems` and `notes` for `check`. Behind it, in the order a message takes: `plugins.py`
finds the one Apprise plugin that the URL names and builds it three times over, so that a silent
message never shares settings with a ring; `sounds.py` knows which sounds a service plays;
`wording.py` cleans, escapes and cuts the text with the pure functions of `escaping.py`;
`exchange.py` notes what the service really answered; `verdict.py` turns that into one line for
people and an error that says whether trying again can help. What differs from service to service
is data in `services.py`: a new habit of a service is a line there.
"""
