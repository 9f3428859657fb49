"""Parity, proven: random models made and computed by real Keras, held against ours.

`python -m tests.parity --help` says how to run it, ``make parity`` sets up what that needs. A model is described by a
plain JSON-able record (see `description`); a seed or such a record makes the same model again.

draft, proposals    grow a description at random; they run where Keras is, but know it only as who answers with shapes
oracle              runs in the environment of one real Keras: builds, saves and records what is described
data                the inputs of a description
check               a recorded case against rnnscope
report, shrink      the table, and the smallest description that still fails
"""
