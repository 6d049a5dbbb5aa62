"""The registry: what an application declares. Declaring connects to nothing."""

from rota.declare.registry import Registry as Registry
from rota.declare.tasks import Task as Task
