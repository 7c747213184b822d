"""What a finished training tells."""

import streamlit as st

from core.output import figures
from core.output.figures import MOST_BARS
from core.runs import Run
from pages.ui.cache import cached
from pages.ui.cache.words import HELP
from pages.ui.selection.selection import tiles
from pages.ui.train import confusion
from pages.ui.widgets import counted
from pages.ui.widgets.gallery import gallery


def aftermath(run: Run) -> None:
    """Accuracy per class, the spread of the losses, what is confused, and the hardest samples."""
    table = counted.table(run)
    left, right = st.columns(2)
    with left:
        st.markdown("**Training accuracy per class**")
        if run.has_predictions:
            right_ones = (table["label"] == table["predicted"]).groupby(table["label"]).mean()
            names = cached.info(run).class_names
            per_class = right_ones.reindex(range(len(names)))
            if len(names) > MOST_BARS:
                per_class = per_class.sort_values(kind="stable")[:MOST_BARS]
                st.caption(f"The {MOST_BARS} lowest of {len(names):,} classes.")
            shown = [names[index] for index in per_class.index]
            st.plotly_chart(figures.bars(shown, per_class.tolist(), x="accuracy", percent=True), key="per-class")
        else:
            st.caption("No predictions were recorded.")
    with right:
        words = "after training" if run.traced else "under this model"
        st.markdown(f"**Loss of all samples {words}**", help=HELP["loss"])
        st.plotly_chart(figures.loss_histogram(table["loss"].to_numpy()), key="losses")
    if run.has_predictions:
        confusion.shown(run, table)
    st.markdown(f"**The hardest samples**: highest loss {words}. Wrong labels and unlearned poison gather here.")
    hardest = table.nlargest(24, "loss")
    gallery(tiles(run, hardest), key=f"hardest-{run.id}", size=72)
