"""The parts of the training: features, the space they are seen in, clusters, names."""
