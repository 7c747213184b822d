"""What a finished training tells."""

import streamlit as st

from core.output import figures
from core.runs import Run
from pages.ui.cache import cached
from pages.ui.cache.words import HELP
from pages.ui.selection.selection import tiles
from pages.ui.widgets import counted
from pages.ui.widgets.gallery import gallery


def aftermath(run: Run) -> None:
    """Accuracy per class, the spread of the losses, and the hardest samples."""
    table = counted.table(run)
    left, right = st.columns(2)
    with left:
        st.markdown("**Training accuracy per class**")
        if run.has_predictions:
            right_ones = (table["label"] == table["predicted"]).groupby(table["label"]).mean()
            per_class = right_ones.reindex(range(len(cached.info(run).class_names))).tolist()
            st.plotly_chart(
                figures.bars(cached.info(run).class_names, per_class, x="accuracy", percent=True), key="per-class"
            )
        else:
            st.caption("No predictions were recorded.")
    with right:
        words = "after training" if run.traced else "under this model"
        st.markdown(f"**Loss of all samples {words}**", help=HELP["loss"])
        st.plotly_chart(figures.loss_histogram(table["loss"].to_numpy()), key="losses")
    st.markdown(f"**The hardest samples**: highest loss {words}. Wrong labels and unlearned poison gather here.")
    hardest = table.nlargest(24, "loss")
    gallery(tiles(run, hardest), key=f"hardest-{run.id}", size=72)
