"""The half that runs in the environment of one real Keras: `python -m tests.parity.oracle`, asked over its pipes."""
