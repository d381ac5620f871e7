"""The latent space of a model: encoding and decoding, statistics of codes, directions, distributions, paths."""
