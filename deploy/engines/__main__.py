"""``python -m deploy.engines``."""

import sys

from deploy.engines.command_line import main

sys.exit(main())
