"""From a marketplace's pages to recorded sales: what to ask next, and what to do with the answer.

`plan` (pure) holds what a shop's poller must remember and decides what is due; `budget` (pure)
slows down where a marketplace's limits ask for it; `shop` carries the plan out, one request
after the other, and is what the scheduler, the commands and the tests call.
"""
