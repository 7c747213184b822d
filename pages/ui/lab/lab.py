"""What is being put together in the attack lab: a list of attacks that outlives a change of page."""

import json
from collections.abc import Callable

import streamlit as st

from core.attacks import attacks_for
from core.attacks.presets import PRESETS, preset, presets_for
from core.attacks.specification import AttackSpec, Specification, decoded
from core.data.store import DatasetInfo
from core.errors import UserError
from pages.ui.access.who import for_reviewers
from pages.ui.widgets import refusal
from pages.ui.widgets.bound import bound

FIRST = "demo"
MOST = 100  # attacks of one list: each is drawn anew at every click
LARGEST_SEED = 2**31 - 1  # that the number field takes


def open_lab(info: DatasetInfo) -> None:
    """Make sure that there is a list: the one of this session, of the address, or the demo's."""
    state, k = st.session_state, len(info.class_names)
    fitting = presets_for(info.shape)
    of_other_data = state.get("lab-shape", info.shape) != info.shape and state.get("lab-preset") not in fitting
    state["lab-shape"] = info.shape
    if of_other_data:
        _replace(())
        state["lab-preset"] = ""
    if "lab-attacks" not in state:
        first = FIRST if FIRST in fitting else next(iter(fitting))
        name, ratio = st.query_params.get("preset", first), st.query_params.get("ratio", "")
        state["lab-seed"] = min(int(seed), LARGEST_SEED) if (seed := st.query_params.get("seed", "")).isdecimal() else 0
        _try(lambda: use_preset(f"{name}:ratio={ratio}" if ratio else name, k))
    elif state.get("lab-preset") and state["lab-classes"] != k:  # pairs of classes are not those of other data
        _try(lambda: use_preset(state["lab-preset"], k))


def use_preset(text: str, n_classes: int) -> None:
    """Make the attacks of the preset written as in `core.attacks.presets.preset` the list."""
    _replace(preset(text, n_classes))
    st.session_state.update({"lab-preset": text, "lab-classes": n_classes})


def attacks() -> dict[int, AttackSpec]:
    """The list: number → attack. Numbers are never given twice, so that each attack keeps its own widgets."""
    specs: dict[int, AttackSpec] = st.session_state.get("lab-attacks", {})
    return specs


def specification() -> Specification:
    """All that is to be planted."""
    return Specification(tuple(attacks().values()), int(st.session_state.get("lab-seed", 0)))


def put(number: int, attack: AttackSpec) -> None:
    """Change one attack; the list is no longer that of a preset."""
    attacks()[number] = attack
    st.session_state["lab-preset"] = ""
    refusal.forget()


def add() -> None:
    """One more attack, open to be edited."""
    number = max(attacks(), default=0) + 1
    put(number, AttackSpec(kinds()[0]))
    st.session_state["lab-open"] = number


def kinds() -> list[str]:
    """The attacks that the samples of the chosen data can carry."""
    return attacks_for(st.session_state.get("lab-shape", (1, 1, 1)))


def remove(number: int) -> None:
    """One attack less."""
    attacks().pop(number, None)
    st.session_state["lab-preset"] = ""


def presets(n_classes: int) -> None:
    """The picker of presets, and of their ratios where the paper has several."""
    name, _, ratio = st.session_state.get("lab-preset", "").partition(":ratio=")
    st.selectbox(
        "Preset",
        ["", *presets_for(st.session_state.get("lab-shape", (1, 1, 1)))],
        width=270,
        help=PRESETS[name].help if name else None,
        format_func=lambda key: PRESETS[key].title if key else "A list of your own",
        **bound("lab-preset-box", name, lambda chosen: _chosen(chosen, None, n_classes)),
    )
    if name and (ratios := PRESETS[name].ratios):
        value = float(ratio or PRESETS[name].ratio or ratios[0])  # an address may name another than the paper's
        st.segmented_control(
            "Poison ratio",
            sorted({*ratios, value}),
            format_func=lambda ratio: f"{100 * ratio:.3g}%",
            required=True,
            **bound(f"lab-ratio-{name}", value, lambda new: _chosen(name, new, n_classes)),
        )


def seed() -> None:
    """The field of the seed from which all that is not given is drawn."""
    state = st.session_state
    st.number_input(
        "Seed",
        0,
        LARGEST_SEED,
        width=110,
        help="Of everything that is drawn.",
        **bound("lab-seed-box", int(state.get("lab-seed", 0)), lambda chosen: state.update({"lab-seed": chosen})),
    )


def files() -> None:
    """The list as a file: to keep, to share, and to read back."""
    text = json.dumps(specification().as_dict(), indent=2)
    st.download_button(
        "Download the specification",
        text,
        "attacks.json",
        "application/json",
        disabled=not attacks(),
        icon=":material/download:",
        on_click="ignore",
    )
    key = f"lab-file-{st.session_state.get('lab-files', 0)}"
    st.file_uploader(
        "Read a specification",
        "json",
        key=key,
        max_upload_size=1,
        on_change=_uploaded,
        **for_reviewers(tip="JSON, as downloaded here and as `python -m core attack --spec` takes it."),
    )


def address(dataset_id: str) -> None:
    """Put the data set and an unchanged preset into the address, so that the view can be shared."""
    name, _, ratio = st.session_state.get("lab-preset", "").partition(":ratio=")
    seed = str(st.session_state.get("lab-seed") or "")
    parameters = {"data": dataset_id, "preset": name, "ratio": ratio, "seed": seed}
    for key, value in parameters.items():
        if value and st.query_params.get(key) != value:
            st.query_params[key] = value
        elif not value:
            st.query_params.pop(key, None)


def said() -> None:
    """What went wrong in the last click."""
    refusal.show_kept("lab")


def _chosen(name: str, ratio: float | None, n_classes: int) -> None:
    if name:
        _try(lambda: use_preset(f"{name}:ratio={ratio:g}" if ratio else name, n_classes))
    else:
        st.session_state["lab-preset"] = ""


def _uploaded() -> None:
    count = st.session_state.get("lab-files", 0)
    file = st.session_state.get(f"lab-file-{count}")
    if file is None:
        return
    st.session_state["lab-files"] = count + 1  # an empty field for the next file

    def read() -> None:
        specification = decoded(file.getvalue(), file.name)
        _replace(specification.attacks)
        st.session_state.update({"lab-seed": specification.seed, "lab-preset": ""})

    _try(read)


def _replace(specs: tuple[AttackSpec, ...]) -> None:
    if len(specs) > MOST:
        raise UserError(
            f"These are {len(specs):,} attacks.", f"The lab takes up to {MOST:,}.", "Use python -m core attack --spec."
        )
    start = max(attacks(), default=0) + 1
    st.session_state["lab-attacks"] = dict(enumerate(specs, start))
    st.session_state.pop("lab-open", None)


def _try(step: Callable[[], None]) -> None:
    st.session_state.setdefault("lab-attacks", {})
    with refusal.kept("lab"):
        step()
