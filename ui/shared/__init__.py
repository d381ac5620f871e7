"""What several pages use: pickers, the choice of models, exports, the live view of a point."""
