"""An example of ours as its reader has it: a copy of the folder, and its commands as processes."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
AT = Path(__file__).with_name("at.py")
PATIENCE = 60


class Project:
    """A copy of an example in `folder`; its commands end with what they print."""

    def __init__(self, example, folder, **environment):
        ignored = shutil.ignore_patterns("__pycache__", "*.db*", "outbox*", ".venv")
        shutil.copytree(ROOT / "examples" / example, folder, ignore=ignored)
        self.folder = folder
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DJANGO_SETTINGS_MODULE": f"{example}.settings",
            "PYTHONDONTWRITEBYTECODE": "1",
            "NO_COLOR": "1",
            **environment,
        }

    def manage(self, *words, at=None, code=0):
        """Return what `manage.py` writes, stderr too; `at` another time if it is given."""
        done = subprocess.run(
            self._argv(words, at),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == code, f"manage.py {' '.join(words)}\n{done.stdout}"
        return done.stdout

    def steps(self, *steps):
        """Return what several commands write, in one process whose clock is moved; `(at, words, ...)` each.

        All of them succeed; one that is to fail has `1` for its last word.
        """
        wanted = [(at, [one for one in words if one != 1]) for at, *words in steps]
        done = subprocess.run(
            [sys.executable, AT],
            cwd=self.folder,
            env=self.environment,
            input=json.dumps(wanted),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        answers = json.loads(done.stdout)
        for (_, *words), (code, said) in zip(steps, answers, strict=True):
            assert code == (1 in words), f"manage.py {words}\n{said}"
        return [said for _, said in answers]

    @contextmanager
    def managing(self, *words, at=None):
        """Yield a process of `manage.py`; it is killed at the end if it has not ended."""
        with subprocess.Popen(
            self._argv(words, at),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def runs(self, *filters):
        """Return the runs of the rota, newest first."""
        return json.loads(self.manage("rota", "runs", "--json", *filters))

    def python(self, code, at="2026-11-20T10:00:00Z"):
        """Return the JSON that a piece of code leaves in `answer`, with the project loaded."""
        text = f"import json\n{code}\nprint('ANSWER' + json.dumps(answer, default=str))"
        said = self.manage("shell", "-c", text, at=at)
        return json.loads(said.rpartition("ANSWER")[2])

    def rewrite(self, path, old, new):
        """Edit a file, as its owner would."""
        file = self.folder / path
        text = file.read_text()
        assert text.count(old) == 1, f"{path} has {old!r} {text.count(old)} times"
        file.write_text(text.replace(old, new))

    def _argv(self, words, at):
        return [sys.executable, *(["manage.py"] if at is None else [AT, at]), *words]
