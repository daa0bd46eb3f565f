"""Allow ``python -m so2plumes``."""

import sys

from so2plumes.cli import main

sys.exit(main())
