"""The local runner: runs are executed by this node, in threads, on an event loop or in processes."""
