"""`python -m rota.cli`: the same program, where no script is installed."""

from rota.cli.main import main

main()
