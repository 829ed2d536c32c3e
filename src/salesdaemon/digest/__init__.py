"""The mail that says what came in, and how much of it took no work.

Facts go in at one end and a mail comes out at the other; nothing here asks the store. `content`
is what a digest knows: summaries, news of earlier days, shops that are missing. `sections` turns
these numbers into the words and amounts to show, which `view` holds, with the help of `wording`
(amounts, dates and counts the way the owner's locale writes them), `periods` (a week is not called
a day) and `titles` (a product's title may hold anything). `render` lays them out with the
templates, one for text and one for HTML, each written by hand; `chart` draws the images.
`mailer` makes the mail and hands it to a server, and says plainly why a server refused.
Babel, Jinja, css-inline and the SMTP client are imported when they are first needed: the daemon
that waits for the morning does not carry them.
"""
