"""How fast and how large: `make bench` prints every figure beside its target.

The pretend marketplaces run as processes of their own and add no latency. Where a figure depends
on the machine it is a ratio to `raw`, a pipeline without any of our code that is run in turns with
ours. `docs/benchmarks.md` says how each figure is taken.
"""
