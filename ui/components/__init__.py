"""Our own browser parts: one folder each, with its Python, JavaScript and CSS."""
