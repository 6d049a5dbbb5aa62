"""Real PostgreSQL and Redis servers for the tests: own processes, own ports, own folders, gone afterwards."""
