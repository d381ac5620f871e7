"""Figures of a checkpoint on its test split, and what recipes aim at."""
