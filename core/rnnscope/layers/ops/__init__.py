"""The arithmetic of bare operations, by family, and the one table of their names in Keras 3 and TensorFlow."""
