"""Assay from Python and notebooks: each call is one of the pipeline's, and what comes back are frames and figures.

    >>> import tempfile
    >>> from core.api import Assay  # of an installed package: from assay import Assay
    >>> assay = Assay(tempfile.mkdtemp())
    >>> list(assay.runs)
    ['name', 'dataset', 'state', 'parent']

`import_data`, `train`, `load_recorded` and `run` go on from there.

Nothing is computed here. Pages, commands and these calls read and write the same workspace.
"""

from core.api.assay import Assay
from core.api.run import RunView

__all__ = ["Assay", "RunView"]
