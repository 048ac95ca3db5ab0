"""`python -m controlroom.cli`."""

import sys

from controlroom.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
