"""The verbs of a store, written once over a small port to a database; its SQL is written for each."""
