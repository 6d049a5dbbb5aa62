"""Whole systems under chaos: processes that die and lose the store, operators, deploys. One seed decides all.

`world` moves time and processes; `disk` and `faults` are the store and what goes wrong at each use of it;
`scenario` decides what happens when; `witness` logs what was really committed, and `checks` judge that log.
"""
