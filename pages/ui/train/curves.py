"""The curves of loss and accuracy over the epochs."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.output import figures
from pages.ui.cache.words import HELP


def curves(history: Sequence[Mapping[str, Any]], epochs: int, quantities: Sequence[str]) -> None:
    """One chart a quantity, "loss" or "accuracy", side by side; the axis of the loss is logarithmic if asked for."""
    for column, quantity in zip(st.columns(2), quantities, strict=False):
        with column:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{quantity.capitalize()}**", help=HELP.get(quantity), width="stretch")
                logarithmic = quantity == "loss" and st.toggle(
                    "Logarithmic", key="log-loss", help="Losses that are decades apart can be read on one axis."
                )
            chart = figures.learning_curves(history, quantity, epochs, logarithmic=logarithmic)
            st.plotly_chart(chart, key=f"curve-{quantity}")
