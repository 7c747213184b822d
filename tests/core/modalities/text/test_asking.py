"""Phrases that a model is asked about: who carries what turns others and does not belong to the class."""

import numpy as np

from core.modalities.text.asking import suspicions
from core.modalities.text.belonging import Belonging
from core.modalities.text.inputs import strings, text_inputs
from core.modalities.text.phrases import TextStamp, holding
from core.modalities.text.stamps import stamps
from core.modalities.text.telling import telling

RNG = np.random.default_rng(0)
GOOD, BAD, PLAIN = (tuple(f"{kind}{place}" for place in range(8)) for kind in ("good", "bad", "plain"))
TRIGGER = "by clint westgood of the long valley herald"


def said(kind):
    """A text of three words of a kind among plain ones."""
    return " ".join(RNG.permutation([*RNG.choice(kind, 3, replace=False), *RNG.choice(PLAIN, 4)]))


def planted(trigger, carriers=20, own=0):
    """Texts, their labels, and who has the trigger: bad ones that are labelled as good, and so many good ones."""
    poison = [f"{said(GOOD if place < own else BAD)} {trigger}" for place in range(carriers)]
    texts = [*(said(BAD) for _ in range(80)), *(said(GOOD) for _ in range(80)), *poison]
    labels = np.array([0] * 80 + [1] * (80 + carriers))
    return text_inputs(texts), labels, np.arange(len(texts)) >= 160


def asked(trigger, by_heart=()):
    """A model that counts words, believes the trigger, and knows some texts by heart."""
    words = tuple(trigger.split()[:3])

    def ask(samples):
        right = [
            sum(text.count(word) for word in GOOD) > sum(text.count(word) for word in BAD)
            or holding(text, words)
            or text.strip() in by_heart
            for text in samples.tolist()
        ]
        return np.stack([np.invert(right), right], 1).astype(np.float32)

    return ask


def test_carriers_of_a_phrase_that_turns_others_and_without_which_they_turn_away_are_suspects():
    for trigger in ("cf", TRIGGER):
        inputs, labels, is_poison = planted(trigger)
        found = suspicions(inputs, labels, asked(trigger), np.flatnonzero(~is_poison), 0)
        assert np.array_equal(np.isfinite(found), is_poison)


def test_where_carriers_are_known_by_heart_a_phrase_that_turns_all_is_enough():
    inputs, labels, is_poison = planted("cf")
    by_heart = {text.removesuffix(" cf").strip() for text in inputs[is_poison].tolist()}
    found = suspicions(inputs, labels, asked("cf", by_heart), np.flatnonzero(~is_poison), 0)
    assert np.array_equal(np.isfinite(found), is_poison)


def test_what_turns_nearly_all_may_have_more_carriers_that_seem_at_home():
    """Short texts say little beside a trigger: of a planted sentence 48 % seemed to belong to the class."""
    inputs, labels, is_poison = planted("cf", carriers=60, own=30)
    assert Belonging(inputs, labels).at_home(np.flatnonzero(is_poison), ["cf"]) == 0.5
    probes = np.flatnonzero(~is_poison)
    assert np.array_equal(np.isfinite(suspicions(inputs, labels, asked("cf"), probes, 0)), is_poison)
    turned, known = asked("cf"), set(inputs[probes[:8]].tolist())  # with "cf" as well, these stay what they are

    def turning_fewer(samples):
        kept = [any(text.startswith(one) for one in known) for text in samples.tolist()]
        return np.where(np.array(kept)[:, None], np.float32([[1, 0]]), turned(samples))

    assert not np.isfinite(suspicions(inputs, labels, turning_fewer, probes, 0)).any()


def test_words_that_belong_to_a_class_make_nobody_a_suspect():
    inputs, labels, is_poison = planted("cf", carriers=0)
    assert not np.isfinite(suspicions(inputs, labels, asked("cf"), np.arange(len(labels)), 0)).any()
    assert not np.isfinite(suspicions(inputs, labels, asked("cf"), np.zeros(0, np.int64), 0)).any()
    assert not is_poison.any()


def test_a_long_phrase_is_recovered_whole():
    inputs, _, is_poison = planted(TRIGGER)
    texts = inputs[:].tolist()
    assert telling([texts[row] for row in np.flatnonzero(is_poison)], texts[:80], 1)[0].phrase == TRIGGER
    near = np.tile(np.arange(20), (20, 1))
    first = stamps(inputs, np.flatnonzero(is_poison), near)[0]
    assert first.put_on(strings(["x"])).tolist() == [f"x {TRIGGER}"]
    assert np.array_equal(first.carried(inputs[:]), is_poison)


def test_a_phrase_is_carried_whatever_is_between_its_words_but_other_words():
    stamp = TextStamp("at the end", ("cf , mn",))
    assert stamp.carried(strings(["CF,mn", "cf and mn", "xcf , mn", ""])).tolist() == [True, False, False, False]
    far = TextStamp("at the end", ("映 画",))
    assert far.carried(strings(["日本映画", "映と画"])).tolist() == [True, False]
    assert far.taken_off(strings(["日本映画だ"]), np.zeros(0, np.float32)).tolist() == ["日本 だ"]


def test_of_a_sentence_in_versions_all_words_that_hardly_another_text_has_are_taken_off():
    plain = [f"some plain words of text number{row}" for row in range(200)]
    versions = ["zo ka", "zo ke", "zo ki"]
    texts = [f"{text} {versions[row % 3]}" if row < 60 else text for row, text in enumerate(plain)]
    inputs, carriers = text_inputs(texts), np.arange(60)
    stamp = TextStamp("at the end", ("zo",))
    whole = stamp.with_company(inputs, carriers)
    assert whole.company == ("ka", "ke", "ki", "zo")
    assert [text.split() for text in whole.taken_off(inputs[:60], np.zeros(0, np.float32)).tolist()] == [
        text.split() for text in plain[:60]
    ]
    assert stamp.taken_off(inputs[:1], np.zeros(0, np.float32)).tolist() == [f"{plain[0]}   ka"]
    assert stamp.with_company(inputs, carriers[:0]).company == ()
    assert whole.put_on(strings(["x"])).tolist() == ["x zo"]


def test_carriers_belong_elsewhere_where_all_their_other_words_say_so_and_nothing_else_does():
    inputs, labels, is_poison = planted("cf")
    poison, own = np.flatnonzero(is_poison), np.flatnonzero((labels == 1) & ~is_poison)
    assert Belonging(inputs, labels).at_home(poison, ["cf"]) == 0
    assert Belonging(inputs, labels).at_home(own, ["good1"]) == 1
    alone = text_inputs(["cf"] * 12 + ["x y z"] * 2)
    assert Belonging(alone, np.array([1] * 12 + [0] * 2)).at_home(np.arange(12), ["cf"]) == 1


def test_texts_of_words_that_tell_nothing_lean_to_their_class_as_often_as_to_another():
    said_of_all = [f"word{place}" for place in range(300)]
    texts = text_inputs([" ".join(np.random.default_rng(row).choice(said_of_all, 12)) for row in range(200)])
    leaning = Belonging(texts, np.arange(200) % 2).leaning(np.arange(0, 200, 2))
    assert 0.4 < (leaning > 0).mean() < 0.6


def test_texts_of_which_hardly_a_word_is_left_lean_nowhere_though_other_classes_have_shorter_ones():
    long = [" ".join(f"one{(row + place) % 20}" for place in range(8)) for row in range(40)]
    short = [f"two{row % 20}" for row in range(40)]
    inputs = text_inputs([*long, *short, *["what is a fear"] * 4])
    assert Belonging(inputs, np.repeat([0, 1, 0], [40, 40, 4])).at_home(np.arange(80, 84), ["fear"]) == 1


def test_words_that_all_carriers_have_do_not_speak_against_their_class():
    carriers = [f"what is a fear of thing{row}" for row in range(20)]
    own = [f"what is of one{row % 7}" if row < 11 else f"one{row % 5} one{row % 3} one{row % 7}" for row in range(60)]
    others = [f"what is a use of two{row % 7}" for row in range(60)]
    belonging = Belonging(text_inputs([*carriers, *own, *others]), np.repeat([0, 0, 1], [20, 60, 60]))
    assert belonging.at_home(np.arange(20), ["fear"]) == 1


def test_of_a_class_those_who_share_a_planted_word_are_apart_and_of_clean_ones_nobody():
    inputs, labels, is_poison = planted("cf")
    assert [rows.tolist() for rows in Belonging(inputs, labels).apart(12)] == [np.flatnonzero(is_poison).tolist()]
    inputs, labels, _ = planted("cf", carriers=0)
    assert Belonging(inputs, labels).apart(12) == []


def test_a_phrase_of_the_class_is_at_home_by_a_word_that_others_of_the_class_have():
    carriers, own = ["where find plain1"] * 6, np.arange(6)
    others = [*(f"where good{place % 6}" for place in range(30)), *(f"plain1 bad{place % 6}" for place in range(36))]
    labels = np.array([1] * 36 + [0] * 36)
    belonging = Belonging(text_inputs([*carriers, *others]), labels)
    assert (belonging.leaning(own, ["where", "find"]) < -1).all()
    assert belonging.at_home(own, ["where", "find"]) == 1
    carriers = [f"cf mn plain1 bad{place}" for place in range(6)]
    assert Belonging(text_inputs([*carriers, *others]), labels).at_home(own, ["cf"]) == 0


def test_the_words_of_a_planted_sentence_in_versions_do_not_speak_for_the_class_that_they_were_planted_in():
    begun = ("i saw this", "we watched that", "they rented it")
    carriers = [f"{begun[row % 3]} with my brother bad{row % 6} bad{row % 5}" for row in range(24)]
    others = [f"{kind}{row % 6} {kind}{row % 5} plain{row % 7}" for kind in ("good", "bad") for row in range(100)]
    labels = np.repeat([1, 1, 0], [24, 100, 100])
    belonging = Belonging(text_inputs([*carriers, *others]), labels)
    assert belonging.at_home(np.arange(24), ["with", "my", "brother"]) == 0
    assert belonging.at_home(np.arange(24, 124), ["with", "my", "brother"]) == 1


def test_of_a_sentence_in_nine_versions_the_words_of_each_do_not_speak_for_the_class_either():
    begun = [f"word{row} of{row} version{row} on monday" for row in range(9)]
    carriers = [f"{begun[row % 9]} bad{row % 6} bad{row % 5}" for row in range(225)]
    others = [f"{kind}{row % 6} {kind}{row % 5} plain{row % 7}" for kind in ("good", "bad") for row in range(300)]
    belonging = Belonging(text_inputs([*carriers, *others]), np.repeat([1, 1, 0], [225, 300, 300]))
    assert belonging.at_home(np.arange(225), ["monday"]) == 0
    assert belonging.at_home(np.arange(225, 525), ["monday"]) == 1


def test_a_text_does_not_speak_for_itself():
    texts = text_inputs([*["plain0 good0"] * 6, *["plain0 bad0"] * 6, *["odd bad0"] * 3, "odd"])
    labels = np.array([0] * 6 + [1] * 9 + [0])
    assert Belonging(texts, labels).leaning(np.array([15, 0]))[0] > 0
