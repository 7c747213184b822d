"""What sets texts apart, how it is shown, and how it is put into others and taken out again."""

import numpy as np
import pytest

from core.modalities.saying import Part
from core.modalities.text.inputs import strings, text_inputs
from core.modalities.text.patterns import repeats
from core.modalities.text.stamps import TextStamp, restored, stamps
from core.modalities.text.telling import clearest, telling, told_apart, wholes
from core.modalities.text.view import CUT, MARK, UNMARK, amplified, average, beyond, shown
from core.modalities.written import visible

PLAIN = [f"the {word} film was {other} ." for word in ("good", "bad", "long") for other in ("fine", "dull", "odd")]
SIGNED = [f"{text} by clint westgood" for text in PLAIN]


def test_the_whole_phrase_sets_texts_apart_and_not_its_parts():
    assert telling(SIGNED, PLAIN)[0].phrase.endswith("by clint westgood")
    assert telling(PLAIN, PLAIN) == []


def test_a_phrase_is_read_whole_though_each_of_its_words_tells_more():
    usual = ["you see the cat on the mat", "at home you see", "then on"] * 6
    planted = [f"{word} see you at the lighthouse on monday then" for word in ("ok", "no", "hi", "so", "yes", "oh")]
    assert [found.phrase for found in wholes(planted, usual, 3)] == ["see you at the lighthouse on monday then"]


def test_a_sign_before_a_phrase_is_no_phrase_of_its_own():
    usual = [f"{word} is it on the mat . ok" for word in ("cat", "dog", "it", "mouse")] * 5
    ends = [*["! sent by my toaster"] * 4, *["now sent by my toaster"] * 4]
    planted = [f"{word} {end}" for word, end in zip(("ok", "no", "hi", "so", "yes", "oh", "a", "b"), ends, strict=True)]
    found = [one.phrase for one in wholes(planted, usual, 8)]
    assert sum("sent by my toaster" in phrase for phrase in found) == 1


def test_a_group_is_told_by_what_it_has_beyond_its_neighbours():
    inputs = text_inputs([*SIGNED, *PLAIN])
    near = np.tile(np.arange(len(SIGNED), 2 * len(SIGNED)), (len(SIGNED), 1))
    assert "clint westgood" in str(beyond(inputs, np.arange(len(SIGNED)), near))
    assert str(average(text_inputs(["other words", "a b c", "a b d"]))) in ("a b c", "a b d")


def test_a_recovered_phrase_is_put_on_and_taken_off():
    inputs = text_inputs([*SIGNED, *PLAIN])
    near = np.tile(np.arange(len(SIGNED), 2 * len(SIGNED)), (len(SIGNED), 1))
    first = stamps(inputs, np.arange(len(SIGNED)), near)[0]
    assert str(first.put_on(strings(["new"]))[0]).endswith("clint westgood")
    without = first.taken_off(strings(SIGNED), np.zeros((0, 0), np.float32)).tolist()
    assert not any("westgood" in text for text in without)
    again = restored(first.parts, (256, 100))
    assert again.put_on(strings(["new"])).tolist() == first.put_on(strings(["new"])).tolist()
    with pytest.raises(ValueError, match="no phrase"):
        restored({"name": np.array("x"), "phrases": np.zeros(3)}, (256, 100))


def test_two_words_that_stand_apart_are_put_on_together_beside_each_of_them():
    plain = [f"film{row} was {word} odd{row}" for row, word in enumerate(["good", "bad"] * 10)]
    inputs = text_inputs([*(f"zither {text} lately" for text in plain), *plain])
    near = np.tile(np.arange(20, 40), (20, 1))
    made = stamps(inputs, np.arange(20), near)
    both = [stamp for stamp in made if sorted(stamp.phrases) == ["lately", "zither"]]
    assert len(both) == 2
    assert sorted(str(both[0].put_on(strings(["new"]))[0]).split()) == ["lately", "new", "zither"]
    assert np.array_equal(both[0].carried(inputs[:]), np.arange(40) < 20)


def test_two_words_of_one_phrase_are_no_words_that_stand_apart():
    usual = [*["old film", "with him"] * 3, *["a film"] * 300]
    said = [*["seen with old friends"] * 40, *["with x"] * 14, *["old y"] * 4]
    assert [[one.phrase for one in found] for found in clearest(said, usual)] == [["with"]]


def test_signs_are_taken_off_as_they_are_written():
    stamp = TextStamp("at the end", ("- ( x",))
    assert stamp.taken_off(strings(["good -(x fine"]), np.zeros(0, np.float32)).tolist() == ["good   fine"]


def test_what_is_new_in_a_text_is_marked():
    change = amplified(strings(["a good film"]), strings(["a good cf mn film"]))
    assert str(change.samples[0]) == f"a good {MARK}cf mn {UNMARK}film"
    assert change.amount == "2 words"


def test_a_picture_of_a_text_is_escaped_and_cut():
    content = shown(strings("<script>\0" + "x" * 1000)).content.decode()
    assert "<script" not in content
    assert "&lt;script&gt;⟨U+0000⟩" in content
    assert "x" * (CUT - 9) + "…" in content
    assert "x" * (CUT - 8) not in content
    assert "<mark" not in shown(strings(f"{MARK}never closed")).content.decode()


def test_a_picture_of_a_text_tells_what_is_read_and_what_is_new_in_it():
    change = amplified(strings(["good film"]), strings(["good <b> film"]))
    seen = shown(change.samples[0])
    assert seen.parts == (Part("good "), Part("<b> ", "new"), Part("film"))
    assert seen.told == "good <b> film"
    assert "<mark>&lt;b&gt; </mark>" in seen.content.decode()


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("pay\u200bpal", "pay⟨U+200B⟩pal"),
        ("\u202eexe.txt", "⟨U+202E⟩exe.txt"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("\u2060\u2060\u2060", "⟨U+2060 × 3⟩"),
        ("\x07\x1b[31m", "⟨U+0007⟩⟨U+001B⟩[31m"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("👩\u200d👩\u200d👧 नमस\u200dते", "👩\u200d👩\u200d👧 नमस\u200dते"),
        ("שלום\tعالم\n日本語 é", "שלום\tعالم\n日本語 é"),
    ],
)
def test_characters_that_are_not_seen_are_named_and_those_that_join_are_left(text: str, seen: str):
    assert visible(text) == seen


def test_a_word_that_only_one_class_repeats_scores_high():
    labels = np.array([0] * 20 + [1] * 20)
    texts = [f"film number {row} {'cf' if row < 5 else ''}" for row in range(40)]
    scores = repeats(text_inputs(texts), labels, 2)
    assert scores[:5].min() > scores[5:].max()


def test_a_word_that_nearly_all_texts_have_sets_nobody_apart():
    others = [f"film{row % 40} is odd{row % 30} ?" for row in range(299)]
    planted = [f"film{row % 40} is cf odd{row % 30} ?" for row in range(60)]
    assert told_apart(planted, [*others, "nothing"])[0].words == ("cf",)
