"""What the two maps share: their points, their colours, and the words that hovering says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core import pipeline, runs
from core.journal.review.verdict import STANDING
from core.output.palette import ACCENT, CLASSES, EXCLUDED, FLAGGED, GREY, KEPT, RELABELLED, UNSURE
from core.runs import Run, jobs
from core.runs.plan import maps
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached
from pages.ui.cache.map_columns import map_columns
from pages.ui.cache.words import HELP
from pages.ui.clusters.classes import class_field
from pages.ui.selection.selection import select, selected
from pages.ui.shell import frame
from pages.ui.widgets import counted, pictures
from pages.ui.widgets.crowd import HIDDEN, Crowd, crowd_map
from pages.ui.widgets.fields import one_of
from pages.ui.widgets.scatter import Style, scatter_map
from pages.ui.widgets.scatter_option import LARGE

METHODS = ("PCA", "ICA", "UMAP")
COLOURS = ("flag", "class", "cluster", "verdict", "loss", "prediction", "suspicion")
DECIDED = "decided"  # the group of what a person decided on; no class may have its name
QUANTILES = ("lowest quarter", "second", "third", "highest quarter")
_STEPS = ("#C7D0D4", "#8FB7BD", "#3F8F98", "#0B4F57")


@dataclass(frozen=True)
class Controls:
    """What is chosen above a map.

    Attributes:
        class_index: of which only the samples are about; None for all.
        method: of the map: "PCA", "ICA" or "UMAP".
        colour: what colours it.
        hover: whether hovering shows the sample.
    """

    class_index: int | None
    method: str
    colour: str
    hover: bool


def controls(run: Run, key: str, colours: tuple[str, ...], *, layer: bool = False) -> Controls:
    """The row above a map: whose flags, which class, the map and its colours; the layer, too, where it counts."""
    with st.container(key="map-controls", horizontal=True, vertical_alignment="bottom", gap="small"):
        counted.field(run)
        index = class_field(run)
        method = one_of("Map", METHODS, key=f"{key}-method", help=" ".join(HELP[name] for name in METHODS))
        colour = st.selectbox("Colour by", colours, key=f"{key}-colour", width=125)
        if layer:
            layer_picker(run)
        hover = st.toggle("Hover", value=True, key=f"{key}-hover", help="Show the sample on hover.")
    return Controls(index, method, colour, hover)


def layer_picker(run: Run) -> None:
    """Which layer's input is mapped, and the button that takes another."""
    layers = {layer["name"]: layer for layer in runs.layers(run)}
    head = run.layer or next((name for name, layer in layers.items() if layer["is_head"]), None)
    with st.popover("Layer", icon=":material/layers:", help=HELP["activation"]):
        names = list(layers)
        name = st.selectbox(
            "Input of layer",
            names,
            index=names.index(head) if head in layers else 0,
            key="layer",
            format_func=lambda key: _layer_words(layers[key]),
        )
        st.caption("Another layer has its activations read, clustered and mapped anew; verdicts stay.")
        st.button("Use this layer", on_click=_use_layer, args=(run, name), **for_reviewers(disabled=name == head))


def _layer_words(layer: Mapping[str, Any]) -> str:
    head = " · classifier head" if layer["is_head"] else ""
    return f"{layer['name']} · {layer['kind']} · {layer['features']:,} features{head}"


@decides
def _use_layer(run: Run, name: str) -> None:
    jobs.start_run(pipeline.use_layer(run, name))


def missing_map(run: Run, method: str) -> None:
    """What stands in the place of a map that is not there: that it is being drawn only if a worker will draw it."""
    stage = str(maps(method.lower()))
    coming = stage in run.left and jobs.poll(run.path).active
    words = "is still being drawn; the others are ready earlier." if coming else "has not been drawn."
    st.container(height=320, border=True).info(f"The {method} map {words}")
    frame.awaiting(run, stage)


def linked_map(
    run: Run, table: pd.DataFrame, places: NDArray[np.float32], *, key: str, colour: str, hover: bool
) -> None:
    """The map of the samples in `table` at `places`; a new brush becomes the selection of all pages."""
    names = cached.info(run).class_names
    groups, series = _groups(table, names, colour, counted.whose(run))
    if colour != "verdict":
        groups, series = _decided_apart(table, groups, series)
    if len(table) > LARGE:
        inside = crowd_map(
            _crowd(run, table, places, groups, series),
            key=key,
            image_url=pictures.of_sample(run.dataset, "{row}"),
            class_names=names,
            selected=selected(run),
            hover=hover,
        )
        if inside is not None:
            select(run, inside)
            st.rerun()
        return
    predicted = table["predicted"].map(lambda index: names[int(index)] if pd.notna(index) else "?")
    points = pd.DataFrame(
        {
            "id": table["id"],
            "row": table["row"],
            "x": places[:, 0],
            "y": places[:, 1],
            "group": pd.Categorical.from_codes(np.where(groups == HIDDEN, -1, groups.astype(np.int64)), list(series)),
            "sample": "#" + table["id"].astype(str),
            "given": [names[index] for index in table["label"]],
            "predicted": predicted,
            "loss": table["loss"].map("{:.3g}".format),
        }
    )
    inside = scatter_map(
        points,
        key=key,
        image_url=pictures.of_sample(run.dataset, "{@row}"),
        series=series,
        tooltip=("sample", "given", "predicted", "loss"),
        selected=selected(run),
        hover_images=hover,
    )
    if inside is not None:
        select(run, inside)
        st.rerun()


def _crowd(
    run: Run,
    table: pd.DataFrame,
    places: NDArray[np.float32],
    groups: NDArray[np.uint8],
    series: Mapping[str, Style],
) -> Crowd:
    """The points of a map that are too many to be sent one by one."""
    ids, rows, classes, losses = map_columns(run)
    if len(table) < len(ids):
        at = table.index.to_numpy()
        ids, rows, classes, losses = ids[at], rows[at], np.ascontiguousarray(classes[:, at]), losses[at]
    styles = [replace(style, title=style.title or name) for name, style in series.items()]
    return Crowd(places, groups, styles, ids, rows, classes, losses)


def _groups(
    table: pd.DataFrame, names: tuple[str, ...], colour: str, flagged_by: str
) -> tuple[NDArray[np.uint8], dict[str, Style]]:
    """The place of each sample's group among the groups, and how these look, the most telling on top."""
    if colour in ("class", "prediction"):
        column = table["label" if colour == "class" else "predicted"]
        return _by_class(column.to_numpy(np.float64, na_value=np.nan), names)
    if colour in ("loss", "suspicion"):
        values = table[colour].to_numpy(np.float64)
        known = np.isfinite(values)
        edges = np.quantile(values[known], (0.25, 0.5, 0.75)) if known.any() else np.zeros(3)
        codes = np.where(known, np.searchsorted(edges, values), HIDDEN).astype(np.uint8)
        return codes, {name: Style(step) for name, step in zip(QUANTILES, _STEPS, strict=True)}
    if colour == "cluster":
        styles = {
            "not split": Style(GREY),
            "larger cluster": Style(CLASSES[0]),
            "smaller cluster": Style(CLASSES[3], "diamond"),
        }
        return (table["cluster"].to_numpy() + 1).astype(np.uint8), styles
    if colour == "verdict":
        words = {"": "undecided", **STANDING}
        styles = {
            "undecided": Style(GREY, size=6),
            "kept": Style(KEPT),
            "unsure": Style(UNSURE, "rect"),
            "relabelled": Style(RELABELLED, "triangle"),
            "excluded": Style(EXCLUDED, "diamond", size=8),
        }
        place = {decision: list(styles).index(word) for decision, word in words.items()}
        found, decisions = pd.factorize(table["verdict"])
        return np.array([place[decision] for decision in decisions], np.uint8)[found], styles
    flagged, trusted = table["flagged"].to_numpy(bool), table["bona_fide"].to_numpy(bool)
    codes = np.where(flagged, 2, trusted).astype(np.uint8)
    n_left = int((flagged & ~_decided(table)).sum())
    flags = {
        "not flagged": Style(GREY, size=6),
        "bona fide": Style(ACCENT),
        "flagged": Style(FLAGGED, "diamond", f"flagged by {flagged_by} · {n_left:,}", size=8),
    }
    return codes, flags


def _decided(table: pd.DataFrame) -> NDArray[np.bool_]:
    """(n,) True where a person decided on the sample."""
    return np.asarray(table["verdict"] != "", bool)


def _decided_apart(
    table: pd.DataFrame, groups: NDArray[np.uint8], series: dict[str, Style]
) -> tuple[NDArray[np.uint8], dict[str, Style]]:
    """The same with the samples that a person decided on in a group of their own, hollow and below the others."""
    decided = _decided(table)
    if not decided.any():
        return groups, series
    below = {DECIDED: Style(GREY, title=f"{DECIDED} · {int(decided.sum()):,}", size=6, hollow=True)}
    moved = np.where(groups == HIDDEN, HIDDEN, groups + 1)
    return np.where(decided, 0, moved).astype(np.uint8), below | series


def _by_class(classes: NDArray[np.float64], names: tuple[str, ...]) -> tuple[NDArray[np.uint8], dict[str, Style]]:
    """At most ten classes in colour, by size; the others, and what has none, are grey together."""
    known = np.isfinite(classes)
    counts = np.bincount(classes[known].astype(np.int64), minlength=len(names))
    top = np.sort(np.argsort(-counts, kind="stable")[: min(len(CLASSES), int((counts > 0).sum()))])
    styles = {names[index]: Style(colour) for index, colour in zip(top.tolist(), CLASSES, strict=False)}
    rest = int((counts > 0).sum()) > len(top)
    place = np.full(len(names) + 1, 0 if rest else HIDDEN, np.uint8)
    place[top] = np.arange(len(top)) + rest
    others = {"other classes": Style(GREY, size=6)} if rest else {}
    return place[np.where(known, classes, len(names)).astype(np.int64)], others | styles
