"""Every sample of a data set: a gallery by pages, the filters beside it, and one sample by itself."""

from functools import partial

import numpy as np
import streamlit as st

from core.analysis.decision import samples_words
from core.data.browsing import ALIKE, RANDOM, STORED, orders
from core.data.store.sample_names import caption_name, has_file_name, one_line
from core.modalities import MODALITIES
from core.output.names import told_apart
from core.runs import Run
from core.types import Ints
from pages.ui.cache import of_data
from pages.ui.cache.words import plain
from pages.ui.data.browsing import PARTS, Browsed, choose, clear, number
from pages.ui.data.problems import MEANING
from pages.ui.review.filters import TITLES
from pages.ui.selection.selection import select
from pages.ui.widgets import pictures, view
from pages.ui.widgets.bound import bound
from pages.ui.widgets.fields import one_of
from pages.ui.widgets.gallery import GalleryEvent, Tile, gallery

TILES = 120  # of a page: more than a screen holds
READ = 40  # of a page where samples are read
CLASS = 32  # characters of a class's name under it; a narrow tile cuts more of its middle
LARGE = 180  # pixels of the sample that is seen alone
ALIKE_SHOWN = 12  # samples like it that are shown
WORDS = {RANDOM: "random order", STORED: "as stored", ALIKE: "alike together"}


def controls(now: Browsed) -> None:
    """What stands beside the data set: which part, in which order, and a text to look for."""
    if now.info.n_test:
        part = bound("data-part", PARTS[now.part], lambda new: _part(now, new))
        one_of("Samples", PARTS, **part)
    order = bound("data-order", now.choice.order, partial(choose, "order"))
    st.selectbox("Order", orders(now.survey), format_func=_order_words, width=140, **order)
    st.button(
        "",
        icon=":material/shuffle:",
        key="data-shuffle",
        disabled=now.choice.order != RANDOM,
        help="Shuffle: another random order. The order is in the address.",
        on_click=choose,
        args=("seed", str(now.choice.seed + 1)),
    )
    words = bound("data-text", now.choice.text, partial(choose, "text"))
    st.text_input("Find", placeholder="name or words", max_chars=200, width=120, **words)


def shown(now: Browsed) -> None:
    """The gallery of one page of samples, and the way to the others."""
    rows = now.rows()
    some = rows[:1].tolist()
    reads = any(of_data.texts_of(now.workspace, now.info.id, now.part, tuple(some)))
    each = READ if reads else TILES
    pages = max(1, -(-len(rows) // each))
    page = min(now.page, pages - 1)
    here = rows[page * each : (page + 1) * each].tolist()
    _pager(now, page, pages, len(rows), each)
    with st.container(key="data-gallery"):
        if not here:
            st.info("No sample is left by these filters.", icon=":material/filter_alt_off:")
            st.button("Show all", key="data-clear-empty", on_click=clear, args=(now,))
            return
        gallery(
            _tiles(now, here),
            key=f"data-{now.info.id}-{now.part}",
            selected=[now.sample] if now.sample in here else [],
            version=0 if now.sample is None else now.sample + 1,
            size=now.size,
            keys={"Escape": "clear"},
            on_event=lambda event, once: _looked_at(now, event),
            focus=now.sample if now.sample in here else None,
        )


def alone(now: Browsed, run: Run | None) -> None:
    """The sample that is looked at: large, its name, what was measured, what is wrong, what is like it.

    With a run of these data there is a way to its review.
    """
    row = now.sample
    if row is None:
        return
    names = of_data.names_of(now.workspace, now.info.id, now.part)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(now.info.class_names[now.labels[row]])}** · #{now.ids[row]}", width="stretch")
        st.button(
            "",
            key="data-close",
            icon=":material/close:",
            type="tertiary",
            help="Close (Esc)",
            on_click=view.choose,
            args=("sample", ""),
        )
    text = of_data.texts_of(now.workspace, now.info.id, now.part, (row,), most=20_000)[0]
    gallery([Tile(row, _picture(now, row), told=text)], key="data-alone", size=LARGE)
    if run:
        _onward(run, int(now.ids[row]))
    if has_file_name(names[row], text):
        st.caption(plain(one_line(names[row])))
    measured = (f"{trait.name} {number(float(trait.values[row]))}{trait.unit}" for trait in now.survey.traits)
    st.caption(" · ".join(map(plain, measured)))
    for kind in now.survey.problems_of(row):
        st.markdown(f":orange-badge[{plain(kind)}] {MEANING.get(kind, '')}")
    alike = now.survey.like(row).tolist()
    if alike:
        st.caption(f"{len(alike):,} more like it:")
        gallery(
            _tiles(now, alike[:ALIKE_SHOWN]),
            key="data-alike",
            size=48,
            on_event=lambda event, once: _looked_at(now, event),
        )


def on_maps(run: Run, ids: Ints, *, key: str) -> None:
    """The button that selects these samples and opens the map where they are seen among the others."""
    where = "clusters" if run.has_activations or not run.recorded else "trajectories"
    words = f"Select {samples_words(len(ids))} and see where they are on the map."
    if st.button("On the map", key=key, icon=":material/scatter_plot:", type="tertiary", help=words):
        select(run, np.sort(ids))
        st.switch_page(f"pages/{where}.py")


def _onward(run: Run, sample: int) -> None:
    with st.container(key="data-onward", horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(
            "pages/review.py",
            label="Review",
            icon=":material/rate_review:",
            help="Decide on this sample, with its loss curve and what is like it to the model.",
            query_params={"ids": str(sample), "verdict": TITLES["all"]},
        )
        on_maps(run, np.array([sample], np.int64), key="data-on-map")


def _pager(now: Browsed, page: int, pages: int, n: int, each: int) -> None:
    things = MODALITIES[now.info.modality].things
    with st.container(key="data-pager", horizontal=True, vertical_alignment="center", gap="small"):
        of_all = f" of {len(now.labels):,}" if n != len(now.labels) else ""
        words = f"**{n:,}{of_all} {things}**" + (f" · {page * each + 1:,}–{min((page + 1) * each, n):,}" if n else "")
        st.markdown(words, width="stretch")
        sizes = st.container(key="data-size", width="content")
        with sizes.popover("", icon=":material/photo_size_select_large:", type="tertiary", help="Tile size"):
            size = bound("data-tiles", now.size, lambda new: view.choose("tiles", str(new)))
            st.slider("Tile size in pixels", 40, 192, step=8, **size)
        for title, icon, to, key in (
            ("Back", "chevron_left", page - 1, "data-back"),
            ("Next", "chevron_right", page + 1, "data-next"),
        ):
            st.button(
                "",
                key=key,
                icon=f":material/{icon}:",
                type="tertiary",
                help=f"{title} page",
                disabled=not 0 <= to < pages,
                on_click=view.choose,
                args=("page", str(to + 1) if to else ""),
            )
        number = bound("data-page", page + 1, lambda new: view.choose("page", str(int(new)) if new > 1 else ""))
        st.number_input("Page", 1, pages, label_visibility="collapsed", width=90, **number)
        st.markdown(f"of {pages:,}", width="content")


def _tiles(now: Browsed, rows: list[int]) -> list[Tile]:
    """A tile a sample: its class, its name where it is a file, and the worst that is wrong with it."""
    names = of_data.names_of(now.workspace, now.info.id, now.part)
    texts = of_data.texts_of(now.workspace, now.info.id, now.part, tuple(rows))
    classes, problems = now.info.class_names, _worst(now, rows)
    short = told_apart(classes, CLASS)
    return [
        Tile(
            row,
            _picture(now, row),
            (short[now.labels[row]], *([caption_name(names[row])] if has_file_name(names[row], text) else [])),
            problems.get(row, ""),
            tooltip=f"#{now.ids[row]} · {one_line(names[row])} · {classes[now.labels[row]]}",
            told=text,
        )
        for row, text in zip(rows, texts, strict=True)
    ]


def _worst(now: Browsed, rows: list[int]) -> dict[int, str]:
    """The worst problem of each sample that has one; a tiny class is no fault of a sample."""
    kinds = [kind for kind in now.survey.problems if kind != "tiny class"]
    found: dict[int, str] = {}
    for kind in reversed(kinds):
        has = set(now.survey.problems[kind].tolist())
        found |= {row: kind for row in rows if row in has}
    return found


def _picture(now: Browsed, row: int) -> str:
    address = pictures.of_test_sample if now.part else pictures.of_sample
    return address(now.info.id, row)


def _looked_at(now: Browsed, event: GalleryEvent) -> None:
    """The tile that was clicked, or that an arrow key went to, is seen alone; Escape closes it."""
    focus = None if event.key else event.focus
    view.choose("sample", "" if focus is None else str(now.ids[focus]))


def _part(now: Browsed, part: str) -> None:
    clear(now)
    view.choose("sample", "")
    choose("part", part)


def _order_words(order: str) -> str:
    if order in WORDS:
        return WORDS[order]
    return f"{order.removeprefix('-')}, {'highest' if order.startswith('-') else 'lowest'} first"
