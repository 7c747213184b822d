"""What the two maps share: their points, their colours, and the words that hovering says."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from core import pipeline, runs
from core.journal.review.notes import tagged, tags_of
from core.modalities import MODALITIES
from core.runs import Run, jobs
from core.runs.plan import maps
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached
from pages.ui.cache.map_columns import map_columns, map_words
from pages.ui.cache.words import HELP
from pages.ui.clusters import legend
from pages.ui.clusters.colouring import Colouring, colouring
from pages.ui.clusters.emptied import emptied
from pages.ui.selection import narrowing
from pages.ui.selection.class_list import NAME, class_field, class_options
from pages.ui.selection.narrowing import Narrowing
from pages.ui.selection.selection import select, selected
from pages.ui.shell import frame
from pages.ui.widgets import address, counted, pictures, view
from pages.ui.widgets.bound import bound
from pages.ui.widgets.crowd import HIDDEN, Crowd, crowd_map
from pages.ui.widgets.fields import one_of
from pages.ui.widgets.ground import ground
from pages.ui.widgets.scatter import scatter_map
from pages.ui.widgets.scatter_option import LARGE, Window, window_around

METHODS = ("PCA", "ICA", "UMAP")
LAYER = "layer"  # the parameter of the address that names the mapped layer, unless it is the usual one
EPOCH = "epoch"  # name of the chosen epoch among what the pages show
HOVER = ("image", "none")
BESIDE = "beside"  # name of the second colouring among what the pages show
ALONE = (2, 1)  # widths of the map, and of what stands beside it
TWO = (1.35, 1.35, 1)  # the same of two maps


@dataclass(frozen=True)
class Controls:
    """What is chosen above a map.

    Attributes:
        class_index: of which only the samples are about; None for all.
        method: of the map: "PCA", "ICA" or "UMAP".
        colour: what colours it.
        beside: what colours a second map of the same points; "" for no second one.
        hover: whether hovering shows the sample.
        narrowing: which samples are drawn.
        epoch: that the curves mark, 0 where the page has none.
    """

    class_index: int | None
    method: str
    colour: str
    beside: str
    hover: bool
    narrowing: Narrowing
    epoch: int


def controls(
    run: Run, key: str, colours: tuple[str, ...], *, layer: bool = False, epochs: int | None = None
) -> Controls:
    """The row above a map: whose flags, which class, the map and its colours; the layer, too, where it counts.

    What is chosen is one for all pages, and in the address; see `pages.ui.widgets.view`.
    """
    tags = list(tagged(run, cached.table(run)))
    options: dict[str, Collection[str]] = {
        NAME: class_options(run),
        "map": METHODS,
        "colour": colours,
        BESIDE: ["", *colours],
        "hover": HOVER,
        **narrowing.options(cached.info(run).class_names, tags),
        legend.NAME: legend.ALLOWED,
    }
    if epochs:
        options[EPOCH] = ["", *map(str, range(1, epochs))]
    now = view.shown(key, options)
    index = int(now[NAME]) if now[NAME] else None
    with st.container(key="map-controls", horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        counted.field(run, width=130)
        class_field(run, index)
        about = " ".join(HELP[name] for name in METHODS)
        one_of("Map", METHODS, help=about, **bound("view-map", now["map"], partial(view.choose, "map")))
        colour = bound("view-colour", now["colour"], partial(view.choose, "colour"))
        st.selectbox("Colour by", colours, width=116, **colour)
        beside = bound("view-beside", now[BESIDE], partial(view.choose, BESIDE))
        words = "A second map of the same points, coloured by something else. One selection holds on both."
        st.selectbox(
            "Beside", ["", *colours], width=96, format_func=lambda value: value or "none", help=words, **beside
        )
        narrowing.field(run, now, tags)
        if layer:
            layer_picker(run)
        with st.container(key="map-switches", gap=None, width=95):
            _switch("Hover", "hover", now["hover"], HOVER)
            _switch("Decided", narrowing.DECIDED, now[narrowing.DECIDED], narrowing.DECIDED_TOO)
    return Controls(
        index,
        now["map"],
        now["colour"],
        now[BESIDE] if now[BESIDE] != now["colour"] else "",
        hover=now["hover"] == HOVER[0],
        narrowing=narrowing.chosen(now),
        epoch=int(now.get(EPOCH) or epochs or 0),
    )


def panes(controls: Controls) -> tuple[list[tuple[DeltaGenerator, Controls]], DeltaGenerator]:
    """The panes of the page: one for each map, with what is chosen for it, and the one beside them."""
    both = [controls, replace(controls, colour=controls.beside)] if controls.beside else [controls]
    *screens, side = st.columns(TWO if controls.beside else ALONE, gap="small")
    maps_ = [
        (screen.container(key=f"map-pane{'-beside' * at}"), look)
        for at, (screen, look) in enumerate(zip(screens, both, strict=True))
    ]
    return maps_, side.container(key="side-pane", gap="small")


def _switch(title: str, name: str, value: str, options: tuple[str, str]) -> None:
    """On for the first option, off for the second."""

    def turned(on: bool) -> None:
        view.choose(name, options[not on])

    st.toggle(title, **bound(f"view-{name}", value == options[0], turned))


def layer_picker(run: Run) -> None:
    """Which layer's input is mapped, and the button that takes another."""
    layers = {layer["name"]: layer for layer in runs.layers(run)}
    head = run.layer or next((name for name, layer in layers.items() if layer["is_head"]), None)
    names = list(layers)
    said = _said_layer(names, head, next((name for name in names if layers[name]["is_head"]), ""))
    with st.popover(
        "", icon=f":material/{'layers' if said == head else 'error'}:", help=f"Layer. {HELP['activation']}"
    ):
        if said != head:
            st.info("The address is of a view of this layer. The maps now are of another one.")
        name = st.selectbox(
            "Input of layer",
            names,
            index=names.index(said) if said in layers else 0,
            key=f"layer-{said}",
            format_func=lambda key: _layer_words(layers[key]),
        )
        st.caption("Another layer has its activations read, clustered and mapped anew; verdicts stay.")
        st.button("Use this layer", on_click=_use_layer, args=(run, name), **for_reviewers(disabled=name == head))


def _said_layer(names: Sequence[str], now: str | None, usual: str) -> str | None:
    """The layer that the address names, where another one is mapped `now`; else that one, which the address names then.

    Layers are mapped in turn, by a worker: an address cannot bring back the maps of another one, but name it.
    """
    said = address.get(LAYER)
    if said in names and said != now:
        return said
    address.put(LAYER, now if now and now != usual else "")
    return now


def _layer_words(layer: Mapping[str, Any]) -> str:
    head = " · classifier head" if layer["is_head"] else ""
    return f"{layer['name']} · {layer['kind']} · {layer['features']:,} features{head}"


@decides
def _use_layer(run: Run, name: str) -> None:
    address.put(LAYER, "")
    jobs.start_run(pipeline.use_layer(run, name))


def missing_map(run: Run, method: str) -> None:
    """What stands in the place of a map that is not there: that it is being drawn only if a worker will draw it."""
    stage = str(maps(method.lower()))
    coming = stage in run.left and jobs.poll(run.path).active
    words = "is still being drawn; the others are ready earlier." if coming else "has not been drawn."
    st.container(height=320, border=True).info(f"The {method} map {words}")
    frame.awaiting(run, stage)


def linked_map(
    run: Run,
    table: pd.DataFrame,
    places: NDArray[np.float32],
    *,
    key: str,
    controls: Controls,
    window: Window | None = None,
    moment: int = 0,
) -> None:
    """The map of the samples in `table` at `places`; a new brush becomes the selection of all pages.

    Args:
        run: under review.
        table: the rows that are drawn.
        places: (n, 2) of them.
        key: of the map, unique on the page.
        controls: what is chosen above it.
        window: what is in view; None for what is around the points.
        moment: another one where the points stand elsewhere.
    """
    key += f"-{controls.colour}" * bool(controls.beside)
    total, everywhere = len(table), places
    if controls.narrowing:
        left = controls.narrowing.of(run, table)
        table, places = table[left], places[left]
    found = coloured(run, table, controls.colour)
    legend.legend(found, key=key)
    if not (found.groups != HIDDEN).any():
        emptied(controls.narrowing, found, total, key=key)
        return
    if len(table) < total or (found.hidden and len(table) <= LARGE):
        window = window or _window(everywhere)  # nothing moves where points are left out or hidden
    if len(table) > LARGE:
        crowd_map(
            _crowd(run, table, places, found),
            key=key,
            image_url=pictures.of_sample(run.dataset, "{row}"),
            class_names=cached.info(run).class_names,
            selected=partial(selected, run),
            choose=partial(select, run),
            total=total,
            window=window,
            bar=found.bar,
            hover=controls.hover,
        )
        return
    groups = np.where(found.groups == HIDDEN, -1, found.groups.astype(np.int64))
    points = map_words(run, table, most=LARGE).assign(
        x=places[:, 0], y=places[:, 1], group=pd.Categorical.from_codes(groups, list(found.styles))
    )
    scatter_map(
        points,
        key=key,
        image_url=pictures.of_sample(run.dataset, "{@row}"),
        series=found.styles,
        bar=found.bar,
        total=total,
        tooltip={"sample": "#", "given": "", "predicted": "", "loss": ""},
        selected=partial(selected, run),
        choose=partial(select, run),
        hover_images=controls.hover,
        side=MODALITIES[cached.info(run).modality].side,
        narrow=bool(controls.beside),
        window=window,
        moment=moment,
    )


def _window(places: NDArray[np.float32]) -> Window:
    """What is in view where all points are."""
    return window_around(pd.DataFrame(places, columns=["x", "y"]))


def coloured(run: Run, rows: pd.DataFrame, colour: str) -> Colouring:
    """How these samples of the review table are coloured on the ground of this browser, without what is hidden."""
    if colour == "tag":  # the first of each, in the order of the alphabet
        own = tags_of(tagged(run, rows))
        rows = rows.assign(tag=[own.get(int(sample), [""])[0] for sample in rows["id"]])
    found = colouring(rows, cached.info(run).class_names, colour, counted.whose(run), ground())
    return legend.without_hidden(found)


def _crowd(run: Run, table: pd.DataFrame, places: NDArray[np.float32], found: Colouring) -> Crowd:
    """The points of a map that are too many to be sent one by one."""
    ids, rows, classes, losses = map_columns(run)
    if len(table) < len(ids):
        at = table.index.to_numpy()
        ids, rows, classes, losses = ids[at], rows[at], np.ascontiguousarray(classes[:, at]), losses[at]
    return Crowd(places, found.groups, list(found.styles.values()), ids, rows, classes, losses)
