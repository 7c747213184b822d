"""Bona fide: which samples are clean for certain?"""

import streamlit as st

from pages.ui import frame, trusting
from pages.ui.words import HELP

st.title("Which samples are clean for certain?", help=HELP["bona fide"])
run = frame.current_run("activations", "25 samples at a time, drawn at random, to be called clean or doubtful")
trusting.state(run)
drawn = trusting.draw(run)
trusting.desk(run, drawn)
trusting.listed(run)
trusting.again(run)
st.page_link("pages/detect.py", label="Back: whom do I believe, and how strict am I?", icon=":material/arrow_back:")
