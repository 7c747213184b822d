"""Bona fide: which samples are clean for certain?"""

from pages.ui.cache.drawn import candidate_rows
from pages.ui.review import bona_fide
from pages.ui.shell import frame, journey

journey.question("bona_fide", "bona fide")
run = frame.current_run("activations", "25 samples, at random within each class, to be called clean or doubtful")
bona_fide.state(run)
bona_fide.desk(run, candidate_rows(run))
bona_fide.listed(run)
bona_fide.again(run)
journey.go_back("detect")
