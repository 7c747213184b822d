"""Which samples a person might call clean next: drawn at random, equally from every class."""

from collections.abc import Collection

import numpy as np
import pandas as pd


def candidates(table: pd.DataFrame, spoken_of: Collection[int], *, count: int = 25, seed: int = 0) -> list[int]:
    """Ids of samples to be looked at, so that after them every class has about as many bona fide ones.

    Only a random draw stands for all clean samples, so nothing about the images is looked at: those that a detector
    flags, that somebody decided on, or that were spoken of before are left out.

    Args:
        table: see `core.samples.review_table`.
        spoken_of: ids that people called clean, or not, before.
        count: how many; fewer where no more are left.
        seed: of the draw.
    """
    rng = np.random.default_rng(seed)
    open_ones = (table["flagged_by"] == 0) & ~table["bona_fide"] & (table["verdict"] == "")
    open_ones &= ~table["id"].isin(list(spoken_of))
    rows = table.loc[open_ones, ["id", "label"]].sample(frac=1, random_state=rng)
    known = table.loc[table["bona_fide"], "label"].value_counts()
    # Where a sample would be in its class's row: the classes that are behind come first.
    turn = rows.groupby("label").cumcount() + rows["label"].map(known).fillna(0)
    chosen: list[int] = rows.loc[turn.sort_values(kind="stable").index[:count], "id"].tolist()
    return chosen
