"""The runtime: every loop is a step that takes `now` and says when to wake next, plus a thin thread."""
