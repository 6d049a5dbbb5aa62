"""Masking, for the faces. It is in the core because a sync says what differs, too."""

from rota.core.masking import MASK as MASK
from rota.core.masking import masked as masked
