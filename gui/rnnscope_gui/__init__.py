"""The window: everything a person sees or types."""
