"""`python -m consoles.cli`: the command without its script, for whoever starts one of their own."""

import sys

from consoles.cli import main

sys.exit(main())
