"""What is said of the samples of a run: groups in words, and the words that speak for a class."""

import numpy as np
import pytest

from core import pipeline, runs
from core.analysis.families import in_words
from core.analysis.opened_run import opened
from core.analysis.samples import SPEAKING, parts


@pytest.fixture
def texts(workspace, tmp_path):
    """A run on 24 texts, nothing trained yet: every third one of class pos is signed."""
    rows = [f"{'a fine' if at % 2 else 'a dull'} film{' by cf' * (at % 6 == 1)},{at % 2}" for at in range(24)]
    (tmp_path / "films.csv").write_text("text,label\n" + "\n".join(rows))
    return runs.create(workspace, pipeline.import_dataset(workspace, tmp_path / "films.csv"), {}, ("train",))


def test_a_group_is_compared_with_the_rest_of_its_class(texts):
    found = in_words(opened(texts), np.arange(1, 24, 6))
    assert [(sign.words, sign.here, sign.there) for sign in found.signs] == [("a fine film by cf", 1.0, 0.0)]
    whole = in_words(opened(texts), np.arange(1, 24, 2))
    assert "fine" in whole.signs[0].words


def test_words_are_marked_once_it_is_known_what_they_say(texts):
    rows = np.array([1, 2])
    assert [len(one) for one in parts(opened(texts), rows)] == [1, 1]
    inputs = opened(texts).data.inputs
    weights = np.zeros((int(inputs.lengths().sum()), 2), np.float16)
    weights[3 + 4, 0] = 1  # the last word of the second text
    runs.save_array(texts, SPEAKING, weights)
    first, second = parts(opened(texts), rows)
    assert [(part.text, part.speaks_for) for part in first[1:]] == [("cf", "given")]
    assert len(second) == 1


def test_images_are_not_said(finished):
    assert in_words(opened(finished), np.arange(5)) is None
    assert parts(opened(finished), np.arange(2)) == [(), ()]
    assert not finished.has("speaking.npy")
