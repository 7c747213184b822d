"""What a wheel holds: the tree of the repository, below one package. The rest is said by pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_namespace_packages, setup

ROOT = Path(__file__).parent
TREE = "assay.tree"
TEAM = ("authlib", "psycopg")  # for sign-in and a shared database, which few need
HUB = ("huggingface_hub",)  # for data sets of the Hub by name
ONNX = ("onnx", "onnxruntime")  # for models that bring their own graph


def requirements(file: str) -> dict[str, str]:
    """Package → line of a list of requirements."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return {re.split(r"[\[=<>~! ]", line)[0]: line for line in lines if line and not line.startswith(("#", "-"))}


def below(folder: str) -> list[str]:
    """A folder of the repository and all folders with Python in it, with dots."""
    return [folder, *(f"{folder}.{name}" for name in find_namespace_packages(str(ROOT / folder)))]


FOLDERS = [*below("core"), *below("pages"), "assets"]
NEEDED = requirements("requirements.txt")

setup(
    packages=["assay", TREE, *(f"{TREE}.{folder}" for folder in FOLDERS)],
    package_dir={"assay": "installed", TREE: ".", **{f"{TREE}.{name}": name.replace(".", "/") for name in FOLDERS}},
    package_data={
        TREE: ["app.py", ".streamlit/*.toml", "LICENSE"],
        f"{TREE}.assets": ["*", "demo/*"],
        f"{TREE}.core.models": ["*.json"],
    },
    exclude_package_data={TREE: ["setup.py"]},
    install_requires=[line for name, line in NEEDED.items() if name not in (*TEAM, *HUB, *ONNX)],
    extras_require={
        "team": [NEEDED[name] for name in TEAM],
        "hub": [NEEDED[name] for name in HUB],
        "onnx": [NEEDED[name] for name in ONNX],
        "transformers": [requirements("requirements-tools.txt")["transformers"]],  # language models of a folder
        "notebook": [requirements("requirements-tools.txt")[name] for name in ("ipykernel", "nbformat")],
        "dev": [*requirements("requirements-dev.txt").values(), *requirements("requirements-tools.txt").values()],
    },
)
