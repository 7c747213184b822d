"""What a table was measured on, in one line."""

import platform
from importlib.metadata import version
from pathlib import Path

import torch


def hardware() -> str:
    """The accelerator or processor, its cores, and the version of torch."""
    if torch.cuda.is_available():
        device = torch.cuda.get_device_name()
    else:
        cpuinfo = Path("/proc/cpuinfo")
        lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
        name = next(
            (line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor()
        )
        count = torch.get_num_threads()
        device = f"{count} core{'s' * (count > 1)} of {name or platform.machine()}"
    return f"{device}; torch {version('torch')}, Python {platform.python_version()}"
