"""What a sale is, and what follows from it.

Everything here is pure: values in, values out. Nothing waits, reads a clock, opens a file or
knows a marketplace. `sale` holds the record every marketplace's orders become, `changes`
decides what a newly read order means, `period` turns instants into the seller's days and
`summary` adds up what a report or digest tells.
"""
