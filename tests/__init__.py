"""The tests: the core (unit), the pages without a browser (app), and with one (browser)."""
