"""`python -m adebook` is the command `adebook`."""

import sys

from adebook.cli import main

sys.exit(main())
