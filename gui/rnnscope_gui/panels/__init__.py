"""One module for each panel; every panel shows a `Scene` and none knows another."""
