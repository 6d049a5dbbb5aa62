"""Where the time goes, step by step: what stands behind the figures of `docs/performance.md`."""
