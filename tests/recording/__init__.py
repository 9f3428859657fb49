"""What real Keras computes for a model, recorded under the keys of stored Keras values. Runs where Keras is.

Nothing here knows a formula. Outputs come from one `predict`; the state after a step is where the same layer ends when
its input is cut off there; a gate is what the cell hands to its activation functions when that one step is run.
It works with Keras 3 on every backend, and with tf-keras where ``TF_USE_LEGACY_KERAS=1`` asks for that.
"""
