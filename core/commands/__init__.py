"""The commands of `python -m core`, a file for each part of the journey.

Each calls the function of `core.pipeline` that its page calls, and takes `--workspace` and `--json`. The command line
reads what its user may read; the pages read below `ASSAY_DATA` only.
"""
