"""Recorders for training libraries, one short file each: the loss of every sample after every epoch.

Each asks the model about the training data once more after an epoch, in evaluation mode and in the data's own order, so
that an id is a row. Import one, or copy it beside your script with `core/recorder.py`. None of the libraries is needed
by anything else here.
"""
