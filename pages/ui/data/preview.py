"""What a look at data found, and the import: nothing of this is in the workspace yet."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

import streamlit as st

from core import pipeline
from core.data.levels import Values
from core.data.preview import EXAMPLES, Preview
from core.data.store.write import SIDES
from core.modalities import told_row
from core.pipeline import PreviewOf
from pages.ui.access import roots
from pages.ui.access.who import decides, for_reviewers, may_decide
from pages.ui.cache import cached
from pages.ui.cache.words import HELP
from pages.ui.data import problems
from pages.ui.data.source_settings import fields, form
from pages.ui.shell import frame
from pages.ui.shell.job_bar import awaited
from pages.ui.widgets import address, pictures, refusal
from pages.ui.widgets.fields import one_of, tall
from pages.ui.widgets.gallery import Tile, gallery

# What the address says: the preview that is shown, and the import that runs.
# Keys of the session.
ASKED = "preview"
IMPORT = "import"
CUT = 300  # characters of an example that is read
MODES = {
    "RGB": "colour",
    "L": "grey",
    "1": "black and white",
    "P": "palette",
    "RGBA": "colour with transparency",
    "LA": "grey with transparency",
    "PA": "palette with transparency",
    "CMYK": "CMYK",
    "pixels": "stored as arrays",
}


def panel(
    job: Path, request: PreviewOf, *, leave: Callable[[], None], again: Callable[[Mapping[str, str]], None]
) -> None:
    """Everything that a finished preview says, beside what can be done with it.

    Args:
        job: the directory of the preview.
        asked: what it is of.
        leave: what "Choose another" does.
        again: looks at the same once more, with what a person says of it.
    """
    preview = cached.preview_of(job)
    st.header(frame.plain(request.name or preview.name))
    st.caption("Uploaded" if request.uploaded else frame.plain(request.path))
    st.markdown(_summary(preview))
    left, right = st.columns([3, 2], gap="large")
    with left:
        _examples(job, preview)
        st.markdown("**Problems**" if preview.found else "**No problems found.**")
        problems.show(preview.problems, preview.found)
    with right:
        st.markdown("**Import**")
        running = pipeline.job_named(frame.workspace(), "imports", address.get(IMPORT))
        if running is None:
            _form(job, request, preview, leave)
        elif awaited(running, "Importing …", leave="Back", on_leave=lambda: address.put(IMPORT, "")):
            _finish(running, request)
        if "label_column" in fields(request):  # of a table
            with st.expander("Read it otherwise", icon=":material/table:"):
                if (settings := form(request)) is not None:
                    again(settings)
                    st.rerun()
        _classes(preview)


def _summary(preview: Preview) -> str:
    """Counts, sizes and modes in words."""
    n_poison = preview.n_known_poison
    parts = [
        f"**{preview.n:,} training samples in {len(preview.class_names):,} classes**, {preview.n_test:,} test samples.",
        _unreadable(preview),
        "" if n_poison is None else f"The source says which {n_poison:,} of them are poisoned; no detector is told.",
        f"{preview.n_bona_fide:,} are guaranteed to be clean." if preview.n_bona_fide else "",
        _sizes(preview),
        *(f"{frame.plain(heading.capitalize())}: {frame.plain(words)}." for heading, words in preview.about.items()),
        _looked_at(preview),
    ]
    return " ".join(part for part in parts if part)


def _unreadable(preview: Preview) -> str:
    if not preview.n_unreadable:
        return ""
    few = "" if preview.n_looked_at == preview.n + preview.n_test else f" of the {preview.n_looked_at:,} looked at"
    return f"**{preview.n_unreadable:,}{few} cannot be decoded and will be left out.**"


def _sizes(preview: Preview) -> str:
    if not preview.sizes:
        return f"Scripts: {', '.join(f'{frame.plain(name)} {n:,}' for name, n in preview.modes.items())}."
    sizes = [f"{height}×{width}" for height, width, _ in preview.sizes]
    named = {mode: MODES.get(mode, frame.plain(mode)) for mode in preview.modes}
    modes = ", ".join(f"{n:,} {named[mode]}" if len(named) > 1 else named[mode] for mode, n in preview.modes.items())
    if preview.n_sizes == 1:
        return f"All are {sizes[0]} pixels, {modes}."
    more = f" and {preview.n_sizes - 3:,} other sizes" if preview.n_sizes > 3 else ""
    return f"They are {', '.join(sizes[:3])}{more} pixels (height × width), {modes}."


def _looked_at(preview: Preview) -> str:
    total = preview.n + preview.n_test
    if preview.n_looked_at == total:
        return f"All {total:,} were looked at."
    return f"Looked at {preview.n_looked_at:,} of {total:,}, evenly spaced; there may be more problems than are listed."


def _examples(job: Path, preview: Preview) -> None:
    tiles = [
        Tile(
            index,
            pictures.of_example(job.name, index),
            (preview.class_names[label],),
            tooltip=name,
            told=_read(job, index),
        )
        for index, (label, name) in enumerate(zip(preview.example_labels, preview.example_names, strict=True))
    ]
    gallery(tiles, key=f"examples-{job.name}", size=72)


def _read(job: Path, index: int) -> str:
    """What is read of an example; "" of a picture."""
    told = told_row(job / EXAMPLES, index)
    return f"{told[:CUT]}…" if len(told) > CUT else told


def _classes(preview: Preview) -> None:
    tiny = {problem.what for problem in preview.problems if problem.kind == "tiny class"}
    st.dataframe(
        {
            "Class": preview.class_names,
            "Training": preview.counts,
            "Test": preview.test_counts,
            "Note": ["tiny" if name in tiny else "" for name in preview.class_names],
        },
        hide_index=True,
        height=tall(len(preview.class_names), 7),
        key="preview-classes",
    )


def _form(job: Path, request: PreviewOf, preview: Preview, leave: Callable[[], None]) -> None:
    """What to call it and how to keep it; the button that imports it."""
    shape: tuple[int, int, int] | None = None
    with st.form("import", border=False):
        name = st.text_input("Name", request.name or preview.name, key=f"import-name-{job.name}")
        if preview.sizes:
            shape = _size_fields(job, preview)
        file = {"placeholder": "A file with one row number or name a line", "help": HELP["bona fide"]}
        bona_fide_file = st.text_input("Bona fide ids (optional)", key=f"import-known-{job.name}", **file)
        values = "auto"
        if "pixels" in preview.about and "values" not in request.settings:
            says = preview.about["pixels"]
            values = st.selectbox("Values", get_args(Values), key=f"import-values-{job.name}", help=frame.plain(says))
        if st.form_submit_button("Import", type="primary", icon=":material/download_done:", **for_reviewers()):
            _start(job, request, name, bona_fide_file, shape=shape, values=values)
            st.rerun()
    refusal.show_kept("import")
    st.button("Choose another", key="choose-another", icon=":material/arrow_back:", on_click=leave)


def _size_fields(job: Path, preview: Preview) -> tuple[int, int, int]:
    """How large every image is kept, and in how many channels."""
    height, width, channels = preview.shape
    left, right = st.columns(2)
    cover = "Every image is scaled to cover this size and cut to it."
    height = left.number_input("Height", *SIDES, height, key=f"import-height-{job.name}", help=cover)
    width = right.number_input("Width", *SIDES, width, key=f"import-width-{job.name}")
    first = "grey" if channels == 1 else "colour"
    pixels = one_of("Pixels", ("grey", "colour"), first=first, key=f"import-pixels-{job.name}")
    return int(height), int(width), 1 if pixels == "grey" else 3


@decides(beside="import")
def _start(
    job: Path, request: PreviewOf, name: str, bona_fide_file: str, *, shape: tuple[int, int, int] | None, values: str
) -> None:
    """Have a worker import the data; the address says so."""
    bona_fide = str(roots.allowed(bona_fide_file)) if bona_fide_file.strip() else ""
    importing = pipeline.start_import(
        frame.workspace(),
        request.path,
        name.strip(),
        bona_fide,
        source=request.source,
        size=shape[:2] if shape else None,
        channels=shape[2] if shape else None,
        values=values,
        settings=request.settings,
        looked=job,
    )
    address.put(IMPORT, importing.name)


def _finish(importing: Path, request: PreviewOf) -> None:
    """Choose the new data set, and forget all that led to it."""
    close(request)
    st.session_state["dataset_id"] = pipeline.imported(importing)
    st.session_state.pop("opening", None)
    st.rerun()


def close(request: PreviewOf | None) -> None:
    """Look at these data no longer; where they were uploaded, they are let go."""
    if request and may_decide():
        pipeline.forget_upload(frame.workspace(), request)
    for key in (IMPORT, ASKED):
        address.put(key, "")
