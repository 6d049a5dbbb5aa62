"""Masking, for the faces. It is in the core because a sync says what differs, too."""

from rota.alerts.channels import channels
from rota.core.masking import MASK as MASK
from rota.core.masking import masked as masked
from rota.core.records.states import Json
from rota.settings import SECRET, Settings


def masked_setting(settings: Settings, name: str) -> Json:
    """Return the value of a setting as anybody may see it."""
    value = getattr(settings, name)
    if name == "alerts":
        return [one.masked for one in channels(value).values()]
    if name in SECRET:
        return MASK if value else ""
    return masked(value)
