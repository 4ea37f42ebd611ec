"""`python -m cnnvis_widgets.cli` is `cnnvis`."""

import sys

from cnnvis_widgets.cli.main import main

sys.exit(main())
