"""Bona fide: which samples are clean for certain?"""

import streamlit as st

from pages.ui.cache.words import HELP
from pages.ui.review import bona_fide
from pages.ui.shell import frame

st.title("Which samples are clean for certain?", help=HELP["bona fide"])
run = frame.current_run("activations", "25 samples at a time, drawn at random, to be called clean or doubtful")
bona_fide.state(run)
drawn = bona_fide.draw(run)
bona_fide.desk(run, drawn)
bona_fide.listed(run)
bona_fide.again(run)
st.page_link("pages/detect.py", label="Back: whom do I believe, and how strict am I?", icon=":material/arrow_back:")
