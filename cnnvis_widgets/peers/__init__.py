"""Other libraries' explanations beside ours: where they disagree, by how much, and why.

None of them is a dependency, and none is imported before it is asked. `contract.py` says what a
library is asked, `libraries/` holds one module for each, `comparison.py` runs them, `verdicts.py`
reads the numbers, `differences.py` is the table of what is known to differ, with sources.
"""
