"""What was found, written down: as text for a terminal or a pipe, and as files."""
