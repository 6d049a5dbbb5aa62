"""What alerts raise."""

from __future__ import annotations

from rota.errors import RotaError


class ChannelFailed(RotaError):
    """A message could not be sent. The next look, a minute later, sends all that was to be said.

    Attributes:
        channel: Name of the channel.
        problem: What went wrong; holds no secret.
    """

    def __init__(self, channel: str, problem: str) -> None:
        self.channel, self.problem = channel, problem
        super().__init__(
            f"channel {channel!r} has not taken the message: {problem.rstrip('.')}. "
            f"The next look tells it again; try the channel by `rota alerts test`."
        )
