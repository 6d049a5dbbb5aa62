"""Read what other schedulers hold, say it in Rota's words, and compare when both are due next.

Nothing of theirs is changed, executed or unpickled.
"""
