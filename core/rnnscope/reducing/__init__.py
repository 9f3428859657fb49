"""Makes a difference as small as it survives, and packs it for a bug report."""
