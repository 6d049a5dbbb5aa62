"""Commands of a project in one process, while its clock is moved from one to the next.

`python at.py` reads JSON from stdin, `[[instant, [words of manage.py]], ...]`, and writes
`[[exit code, output], ...]`. `python at.py INSTANT WORDS...` is `manage.py WORDS...` at that instant.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import django
from django.core.management import CommandError, call_command, execute_from_command_line


def main():
    sys.path.insert(0, str(Path.cwd()))
    django.setup()
    from rota.integrations.django.testing import clock_at

    if len(sys.argv) > 1:
        with clock_at(sys.argv.pop(1)):
            execute_from_command_line(sys.argv)
        return
    answers = []
    for instant, words in json.load(sys.stdin):
        with clock_at(instant):
            answers.append(called(words))
    json.dump(answers, sys.stdout)


def called(words):
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        try:
            call_command(*words)
        except CommandError as error:
            return 1, f"{output.getvalue()}{error}\n"
    return 0, output.getvalue()


if __name__ == "__main__":
    main()
