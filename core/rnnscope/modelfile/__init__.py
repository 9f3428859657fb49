"""Writes part of a model as a model file of its own, in the words of the Keras that wrote the whole."""
