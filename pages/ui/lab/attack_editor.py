"""The list of attacks in the lab: one line each, and the fields of the one that is open."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isclose
from typing import Any, cast

import streamlit as st

from core.attacks import ATTACKS
from core.attacks.specification import AttackSpec
from core.errors import UserError
from core.output.names import middle_cut
from core.registry import tunables
from core.types import Labelling
from pages.ui.cache.words import HELP
from pages.ui.lab import lab
from pages.ui.lab.attack_words import LABELLINGS, NOISE, needs_surrogate
from pages.ui.shell import frame
from pages.ui.widgets import params, refusal
from pages.ui.widgets.fields import one_of, one_or_any

LONGEST_SETTING = 40  # letters of a setting in an attack's line: a sentence that is planted is nearly whole
OF_TARGET = ("one_to_one", "clean_label")
WITHOUT_AMOUNT = ("imbalance",)  # its own setting says how many samples are left
UNTARGETED = ("all_to_all", "random_other")


def listed(numbers: Sequence[int], faults: Mapping[int, UserError], names: Sequence[str]) -> None:
    """One line for each of these attacks, with what is wrong with it; the open one with its fields."""
    for number in numbers:
        opened = st.session_state.get("lab-open") == number
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(_line(lab.attacks()[number], names), width="stretch")
            for name, words, icon, act in (
                ("edit", "Close" if opened else "Edit", "expand_less" if opened else "tune", _open_or_close),
                ("remove", "Remove", "delete", lab.remove),
            ):
                button = {"key": f"{name}-{number}", "icon": f":material/{icon}:", "help": f"{words} this attack"}
                st.button("", type="tertiary", on_click=act, args=(number,), **button)
        if number in faults:
            refusal.show(faults[number])
        if opened:
            with st.container(border=True):
                edited(number, names)


def edited(number: int, names: Sequence[str]) -> None:
    """The fields of one attack; a change takes effect at once."""
    old, key = lab.attacks()[number], f"lab-{number}"
    kinds = list(dict.fromkeys((*lab.kinds(), old.kind)))
    kind = st.selectbox("Attack", kinds, kinds.index(old.kind), key=f"{key}-kind", format_func=_title)
    entry = ATTACKS[kind]
    st.caption(f"{entry.help} {entry.paper}." + (f" {NOISE}" if needs_surrogate(kind) else ""))
    before = old.labelling or ATTACKS[old.kind].labellings[0]
    start = entry.labellings.index(before) if before in entry.labellings else 0
    words = {"format_func": LABELLINGS.__getitem__, "help": HELP["labelling"]}
    labelling = st.selectbox("Labels", entry.labellings, start, key=f"{key}-{kind}-labels", **words)
    source = _class("Source class", old.source, names, f"{key}-source") if labelling == "one_to_one" else None
    target = _class("Target class", old.target, names, f"{key}-target") if labelling not in UNTARGETED else None
    ratio, count = _amount(old, labelling, key) if kind not in WITHOUT_AMOUNT else (old.ratio, old.count)
    covers = _covers(old, key) if entry.role == "backdoor" and not entry.chooses else 0.0
    tunable = tunables(entry.load())
    chosen = params.settings(tunable, old.settings if kind == old.kind else {}, key=f"{key}-{kind}")
    kept = old.labelling if labelling == before and kind == old.kind else cast(Labelling, labelling)
    fields = {"kind": kind, "labelling": kept, "source": source, "target": target, "ratio": ratio, "count": count}
    new = replace(old, **fields, covers=covers, settings=_settings(old, kind, tunable, chosen))
    if new != old:
        lab.put(number, new)
        st.rerun()


def _amount(old: AttackSpec, labelling: str, key: str) -> tuple[float, int | None]:
    """How many samples: a percentage, or a number of them."""
    of = {"one_to_one": "the target class's size", "clean_label": "the target class"}.get(labelling, "all samples")
    first = "percent" if old.count is None else "number"
    how = one_of("Amount", ("percent", "number"), first=first, key=f"{key}-how", help=HELP["poison ratio"])
    if how == "number":
        count = st.number_input("Samples", 1, None, old.count or 25, key=f"{key}-count")
        return old.ratio, int(count)
    start = min(100.0, max(0.001, round(100 * old.ratio, 6))) if old.ratio == old.ratio else 1.0
    percent = st.number_input(f"% of {of}", 0.001, 100.0, start, 0.5, format="%.4g", key=f"{key}-share")
    if old.least:
        st.caption(f"But at least {old.least:,} samples.")
    return (old.ratio if isclose(percent, start) else round(percent / 100, 9)), None


def _covers(old: AttackSpec, key: str) -> float:
    """The fraction of all samples that carry the trigger and keep their label."""
    start = min(100.0, max(0.0, round(100 * old.covers, 6))) if old.covers == old.covers else 0.0
    words = "Further samples that carry the trigger under their true label, which makes it harder to find."
    percent = st.number_input(
        "Covers, % of all samples", 0.0, 100.0, start, 0.5, format="%.4g", key=f"{key}-covers", help=words
    )
    return old.covers if isclose(percent, start) else round(percent / 100, 9)


def _title(kind: str) -> str:
    return ATTACKS[kind].title


def _class(title: str, old: int | None, names: Sequence[str], key: str) -> int | None:
    """A class, or None for one that is drawn; a number beyond the classes stays visible."""
    known = [*range(len(names)), *([old] if old is not None and not 0 <= old < len(names) else [])]
    words = {index: _class_words(index, names) for index in known}
    return one_or_any(title, words, _class_words(None, names), first=old, key=key)


def _class_words(index: int | None, names: Sequence[str]) -> str:
    if index is None:
        return "drawn"
    return names[index] if 0 <= index < len(names) else f"class {index}, which these data lack"


def _settings(old: AttackSpec, kind: str, tunable: Mapping[str, Any], chosen: Mapping[str, Any]) -> Mapping[str, Any]:
    """The chosen settings as they are kept: only what differs from the default, or all as they were."""
    defaults = {name: setting.default for name, setting in tunable.items()}
    same = kind == old.kind and {**defaults, **old.settings} == chosen
    return old.settings if same else params.changed(tunable, chosen)


def _line(spec: AttackSpec, names: Sequence[str]) -> str:
    """One attack as it was asked for, escaped."""
    labelling = spec.labelling or ATTACKS[spec.kind].labellings[0]
    one_to_one = labelling == "one_to_one"
    source = _class_words(spec.source, names) if one_to_one else "every" if labelling in UNTARGETED else "every other"
    drawn = {"all_to_all": "the next", "random_other": "any other"}
    target = drawn.get(labelling) or _class_words(spec.target, names)
    fraction = f"{100 * spec.ratio:.3g} %{' of the class' if labelling in OF_TARGET else ''}"
    amount = f"{spec.count:,} samples" if spec.count is not None else fraction
    amount = "long tail" if spec.kind in WITHOUT_AMOUNT else amount
    aim = f"{source} → {target}" if labelling != "unchanged" else "labels stay"
    amount += f", {100 * spec.covers:.3g} % covers" * bool(spec.covers)
    settings = list(spec.settings.items())[:4]
    more = "".join(f", {name} {middle_cut(str(value), LONGEST_SETTING)}" for name, value in settings)
    return f"**{ATTACKS[spec.kind].title}**  \n:small[{frame.plain(f'{amount}, {aim}{more}')}]"


def _open_or_close(number: int) -> None:
    """Open this attack's fields, or close them."""
    state = st.session_state
    state["lab-open"] = None if state.get("lab-open") == number else number
