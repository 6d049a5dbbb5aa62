"""How the workers write their counts; `bench/side/counting.py` writes it, without an import of ours."""

import struct

SLOT = struct.Struct("qdd")  # how many, the first, the last
