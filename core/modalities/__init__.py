"""Modalities: what is particular to one kind of input stands in one folder here, behind one contract."""

from core.modalities import image
from core.modalities.contract import Modality
from core.types import Inputs

MODALITIES: dict[str, Modality] = {image.name: image}


def modality_of(inputs: Inputs) -> Modality:
    """The modality that these inputs are of."""
    return MODALITIES[inputs.modality]
