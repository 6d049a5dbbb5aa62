"""`django.tasks`: of Django itself from 6.0 on, before that the package django-tasks. Both say the same."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from rota.errors import MissingExtra

PACKAGE = "django.tasks" if find_spec("django.tasks") else "django_tasks"

try:
    _tasks: Any = import_module(PACKAGE)
except ImportError as error:
    raise MissingExtra("django.tasks", "django-tasks", str(error)) from error
_base: Any = import_module(f"{PACKAGE}.base")
_signals: Any = import_module(f"{PACKAGE}.signals")
_json: Any = import_module("django.utils.json" if PACKAGE == "django.tasks" else "django_tasks.utils")

task_backends = _tasks.task_backends
BaseTaskBackend = import_module(f"{PACKAGE}.backends.base").BaseTaskBackend
ImmediateBackend = import_module(f"{PACKAGE}.backends.immediate").ImmediateBackend
Task, TaskContext, TaskError, TaskResult = _base.Task, _base.TaskContext, _base.TaskError, _base.TaskResult
Status = _base.TaskResultStatus
LEAST_PRIORITY, MOST_PRIORITY = _base.TASK_MIN_PRIORITY, _base.TASK_MAX_PRIORITY
TaskResultDoesNotExist = import_module(f"{PACKAGE}.exceptions").TaskResultDoesNotExist
task_enqueued, task_started = _signals.task_enqueued, _signals.task_started
task_finished = _signals.task_finished
normalize_json = _json.normalize_json
