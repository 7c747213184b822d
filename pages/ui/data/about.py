"""What there is to say of a data set in a line: how many samples of what kind, and what was planted."""

from core.data import store
from core.data.store import DatasetInfo
from core.modalities import MODALITIES
from pages.ui.cache.words import plain
from pages.ui.lab.attack_words import aim, size, title
from pages.ui.widgets.fields import in_a_line


def brief(info: DatasetInfo) -> None:
    """The line above the gallery; all of it is said on hover."""
    modality = MODALITIES[info.modality]
    things = modality.things
    clean = f"{info.n_bona_fide:,} training {things} are bona fide{_carried(info)}." if info.n_bona_fide else ""
    counted = (
        f"**{info.n:,} training {things} in {len(info.class_names)} classes**, {modality.described(info.shape)}, "
        f"and {info.n_test:,} test {things}."
    )
    in_a_line([counted, clean or "None is known to be clean.", *_planted(info)])


def _carried(info: DatasetInfo) -> str:
    """Where the bona fide samples come from, if from an earlier import of the same data."""
    words = (info.about or {}).get("bona fide")
    return f" ({plain(words)})" if words else ""


def _planted(info: DatasetInfo) -> list[str]:
    """What poison was planted, for results to be checked; no sentence where none was."""
    attacks, names = store.planted_attacks(info), info.class_names
    if not attacks:
        return []
    listed = plain("; ".join(f"{title(attack)}: {size(attack)}, {aim(attack, names)}" for attack in attacks))
    return ["Poison was planted, so that results can be checked; no detector is told.", f"Planted: {listed}."]
