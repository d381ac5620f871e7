"""The core of Latent Space Explorer: models, losses, training, and latent operations. Knows nothing of any page."""
