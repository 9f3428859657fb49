"""From a stranger's file to plain data: guarded access to HDF5, zip, npy and JSON, and the model reader on top."""
