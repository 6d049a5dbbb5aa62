"""Letting an event loop go on, without waiting for any time to pass."""

import asyncio


async def a_turn() -> None:
    """Let everything that is ready on the event loop run once."""
    loop = asyncio.get_running_loop()
    turned = loop.create_future()
    loop.call_soon(turned.set_result, None)
    await turned


async def a_word(word: str) -> str:
    """Return `word`, a turn later."""
    await a_turn()
    return word
