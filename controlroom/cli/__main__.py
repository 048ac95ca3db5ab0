"""`python -m controlroom.cli`."""

import sys

from controlroom.cli.main import main

sys.exit(main())
