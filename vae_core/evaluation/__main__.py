"""`python -m vae_core.evaluation`: see ``evaluate``."""

import sys

from vae_core.evaluation.evaluate import main

sys.exit(main(sys.argv[1:]))
