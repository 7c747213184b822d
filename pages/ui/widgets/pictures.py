"""The addresses of pictures, relative to any page. `pages/ui/shell/routes.py` serves them."""

from core.modalities.shown import Shown


def of_sample(dataset: str, row: int | str) -> str:
    """The address of a training sample; `row` may be a column of a map's points, "{@row}"."""
    return f"thumb/{dataset}/{row}.png"


def of_test_sample(dataset: str, row: int) -> str:
    """The address of a test sample."""
    return f"thumb/{dataset}/test/{row}.png"


def of_triggered(dataset: str, attack: str, strength: int, row: int) -> str:
    """The address of a test sample with a planted trigger."""
    return f"triggered/{dataset}/{attack}/{strength}/{row}.png"


def of_recovered(run: str, group: int, row: int) -> str:
    """The address of a test sample with the trigger that a run's decision recovered from a group."""
    return f"recovered/{run}/{group}/{row}.png"


def of_array(run: str, name: str, row: int, *, version: int = 0) -> str:
    """The address of one row of a run's array; another `version` is fetched anew."""
    return f"array/{run}/{name}/{row}.png" + f"?{version}" * bool(version)


def of_example(job: str, index: int) -> str:
    """The address of an example of data that are not imported yet."""
    return f"preview/{job}/{index}.png"


def of_held(sample: Shown) -> str:
    """The address that holds the picture of one sample itself, for what lies in no file."""
    return sample.address
