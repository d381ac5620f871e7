"""What a session holds: the shared point, directions, and cached access to models and images."""
