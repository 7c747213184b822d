"""What every modality offers: samples are stored, shown, compared, poisoned and given to a network."""

import numpy as np
import pytest
import torch

from core.errors import UserError
from core.modalities import MODALITIES, modality_of, of_shape, shown_input, shown_row, told_row
from core.modalities.image.inputs import ImageInputs
from core.modalities.labels.inputs import name_inputs
from core.modalities.text.inputs import text_inputs

N = 60
WORDS = [
    "some",
    "of",
    "these",
    "words",
    "make",
    "a",
    "text",
    "that",
    "nobody",
    "else",
    "in",
    "the",
    "data",
    "has",
    "日",
    "film",
    "?",
]
MADE = {
    "image": lambda rng: ImageInputs(rng.integers(0, 200, (N, 12, 10, 3), np.uint8)),
    "text": lambda rng: text_inputs([f"{row} " + " ".join(rng.choice(WORDS, 9)) for row in range(N)]),
}
MADE["labels"] = lambda rng: name_inputs([f"{row}/{rng.integers(1000)}.wav" for row in range(N)])
CHANGED = {"image": lambda some: some + np.uint8(1), "text": lambda some: some + " now"}


@pytest.fixture(params=MODALITIES)
def inputs(request):
    """Sixty samples at random."""
    return MADE[request.param](np.random.default_rng(0))


@pytest.fixture
def modality(inputs):
    return modality_of(inputs)


SEEN = [name for name, modality in MODALITIES.items() if modality.offers]
of_what_is_seen = pytest.mark.parametrize("inputs", SEEN, indirect=True)
of_what_is_not = pytest.mark.parametrize("inputs", [name for name in MODALITIES if name not in SEEN], indirect=True)


def test_some_modalities_are_seen_and_labels_alone_are_not():
    assert set(MODALITIES) - set(SEEN) == {"labels"}


@of_what_is_not
def test_what_needs_inputs_says_that_there_are_none(inputs, modality):
    for refused in (
        modality.load_batches,
        modality.load_patterns,
        modality.load_stamps,
        lambda: modality.paint(modality.copied(inputs), np.array([2]), lambda some: some + "!"),
        lambda: modality.painted(inputs, lambda some: some + "!"),
    ):
        with pytest.raises(UserError, match="labels only"):
            refused()
    assert modality.painted(inputs, lambda some: some)[3] == inputs[3]


def test_inputs_say_which_modality_they_are_of(inputs, modality):
    assert of_shape(inputs.shape) is modality
    assert modality.things.endswith("s")
    assert MODALITIES[inputs.modality] is modality
    assert modality.name == inputs.modality


def test_what_is_written_is_opened(inputs, modality, tmp_path):
    for file in modality.files:
        modality.write_inputs(tmp_path / file, inputs.take(slice(None, None, -1)))
        opened = modality.open_inputs(tmp_path / file)
        assert np.array_equal(opened[:], inputs[::-1])
        assert (len(opened), opened.shape, opened.nbytes) == (N, inputs.shape, inputs.nbytes)
    with pytest.raises(OSError, match="other"):
        modality.open_inputs(tmp_path / "other")


def test_what_comes_sample_by_sample_is_the_same_file(inputs, modality, tmp_path):
    assert len(inputs.shape) == modality.dimensions
    modality.write_inputs(tmp_path / "whole", inputs)
    with modality.appending(tmp_path / "appended", inputs.shape) as append:
        for row in range(N):
            append(inputs[row])
    opened = modality.open_inputs(tmp_path / "appended")
    assert np.array_equal(opened[:], modality.open_inputs(tmp_path / "whole")[:])
    with modality.appending(tmp_path / "none", inputs.shape):
        pass
    assert (len(modality.open_inputs(tmp_path / "none")), opened.shape) == (0, inputs.shape)


def test_a_fingerprint_tells_other_samples_and_another_order(inputs, modality):
    same, other = (
        list(modality.sampled(some)) for some in (inputs.take(np.arange(N)), inputs.take([1, 0, *range(2, N)]))
    )
    assert list(modality.sampled(inputs)) == same != other


def test_rows_are_taken_without_a_copy_and_read_in_their_order(inputs):
    rows = np.array([7, 3, 7])
    assert np.array_equal(inputs.take(rows)[:], inputs[rows])
    assert np.array_equal(inputs.take(rows).take([2, 1])[1], inputs[3])
    assert len(inputs.take(np.arange(N) < 4)) == 4
    assert len(inputs.take(slice(0))[:]) == 0


@of_what_is_seen
def test_a_network_is_given_the_rows_it_asks_for(inputs, modality):
    placed = modality.load_batches().resident(inputs.take(slice(None, None, -1)), torch.device("cpu"))
    assert (len(placed), placed.shape) == (N, inputs.shape)
    backwards = modality.load_batches().resident(inputs, torch.device("cpu")).batch(torch.arange(N - 1, -1, -1))
    assert torch.equal(placed.batch(torch.arange(N)), backwards)
    assert not torch.equal(backwards[:1], backwards[1:2])


@of_what_is_seen
def test_what_a_network_is_given_does_not_depend_on_where_samples_come_from(inputs, modality):
    batches = modality.load_batches()
    batch = batches.resident(inputs, torch.device("cpu")).batch(torch.arange(N))
    assert torch.equal(batches.given(inputs[:]), batch)
    probe = batches.probe(2, inputs.shape)
    assert (len(probe), probe.dtype, probe.dim()) == (2, batch.dtype, batch.dim())
    assert batches.places(inputs.shape) > 1
    assert of_shape(inputs.shape) is modality


@of_what_is_seen
def test_every_augmentation_keeps_the_form_and_the_first_is_none(inputs, modality):
    batch = modality.load_batches().resident(inputs, torch.device("cpu")).batch(torch.arange(N))
    for name in modality.augmentations:
        changed = modality.load_batches().augmentation(name)(batch, torch.Generator().manual_seed(1))
        assert changed.shape == batch.shape
        assert torch.equal(changed, batch) == (name == modality.augmentations[0])


def test_samples_and_groups_can_be_shown(inputs, modality):
    first, second = (modality.shown(inputs[row]) for row in (0, 1))
    assert first.media.startswith("image/")
    assert first.content != second.content
    assert first.address.startswith(f"data:{first.media};base64,")
    average = modality.average(inputs)
    assert (average.shape, average.dtype) == (inputs[0].shape, inputs[0].dtype)
    assert np.array_equal(modality.average(inputs.take([5])), inputs[5])
    change = modality.amplified(inputs[:2], inputs[:2])
    assert change.samples.shape == inputs[:2].shape
    assert change.amount.startswith("0 ")


def test_a_few_samples_are_kept_and_shown_again(inputs, modality, tmp_path):
    array = modality.kept([inputs[3], None, inputs[5]], inputs.shape)
    assert array.dtype == np.uint8
    assert (len(array), array.ndim - 1) == (3, modality.kept_dimensions)
    assert np.array_equal(modality.kept_row(array, 2), inputs[5])
    np.save(tmp_path / "kept.npy", array)
    assert shown_row(tmp_path / "kept.npy", 0) == modality.shown(inputs[3])
    assert told_row(tmp_path / "kept.npy", 0) == modality.told(inputs[3])
    assert told_row(tmp_path / "none.npy", 0) == ""
    with pytest.raises(LookupError):
        shown_row(tmp_path / "kept.npy", 3)
    with pytest.raises(ValueError, match="uint8"):
        modality.kept_row(array.astype(np.float32), 0)


def test_a_stored_sample_is_shown_by_its_row(inputs, modality, tmp_path):
    for part, file in enumerate(modality.files):
        modality.write_inputs(tmp_path / file, inputs)
        assert shown_input(tmp_path, part, 4) == modality.shown(inputs[4])
        with pytest.raises(LookupError, match="60 rows"):
            shown_input(tmp_path, part, N)
    with pytest.raises(LookupError):
        shown_input(tmp_path / "none", 0, 0)


def test_what_there_is_to_read_is_cut(inputs, modality):
    found = modality.read(inputs, np.array([3, 1]), 5)
    assert len(found) == 2
    assert all(len(text) <= 6 for text in found)
    assert (found == ["", ""]) == (modality.side < 100)
    assert modality.described(inputs.shape)


def test_a_sample_is_a_file_of_its_own(inputs, modality):
    (ending, content), (_, other) = (modality.filed(inputs[row]) for row in (0, 1))
    assert ending.startswith(".")
    assert content != other


def test_equal_samples_share_a_digest_and_no_others_do(inputs, modality):
    digests = modality.digests(inputs.take([0, 1, 0, 2]))
    assert digests[0] == digests[2]
    assert len(set(digests.tolist())) == 3


@of_what_is_seen
def test_a_trigger_changes_the_rows_that_it_is_for(inputs, modality):
    before, copied = inputs[:].copy(), modality.copied(inputs)
    rows = np.array([2, 9])
    change = CHANGED[modality.name]
    modality.paint(copied, rows, change)
    assert np.flatnonzero((copied[:] != before).reshape(N, -1).any(1)).tolist() == rows.tolist()
    assert np.array_equal(inputs[:], before)
    assert np.array_equal(modality.painted(inputs.take(rows), change)[:], copied[rows])


@of_what_is_seen
def test_what_samples_share_is_seen_in_every_way_and_does_not_depend_on_the_rest(inputs, modality):
    patterns = modality.load_patterns()
    assert len(patterns.ways) > 0
    for way in patterns.ways:
        seen = way(inputs[:])
        assert seen.ndim == 2
        assert np.allclose(way(inputs[4:6]), seen[4:6], atol=1e-3)
    for values in (patterns.coarse(inputs), patterns.values(inputs)):
        assert len(values) == N
        assert np.isfinite(values).all()


@of_what_is_seen
def test_a_sample_among_its_likes_differs_in_nothing(inputs, modality):
    near = np.array([[4, 4], [5, 5]])
    found = modality.load_patterns().differences(inputs, np.array([4, 6]), near)
    assert not found[0].any()
    assert found[1].any()
    assert modality.beyond(inputs, np.array([4, 6]), near).shape == inputs[0].shape


@of_what_is_seen
def test_a_repeated_pattern_is_scored_within_classes_that_are_large_enough(inputs, modality):
    labels = (np.arange(N) == 0).astype(np.int64)
    scores = modality.load_patterns().repeats(inputs, labels, 2)
    assert np.flatnonzero(np.isnan(scores)).tolist() == [0]


def test_a_look_measures_every_sample_and_names_rows_that_are_there(inputs, modality):
    found = modality.look(inputs)
    assert len({trait.name for trait in found.traits}) == len(found.traits) > 0
    assert all(trait.values.shape == (N,) and np.isfinite(trait.values).all() for trait in found.traits)
    assert all(0 <= rows.min() <= rows.max() < N for rows in found.faults.values())
    assert len(modality.look(inputs.take([])).traits[0].values) == 0


def test_what_is_alike_is_not_the_same(inputs, modality):
    assert modality.alike(inputs.take([0, 1, 0, 2, 1])) == []


@of_what_is_seen
def test_a_recovered_trigger_is_carried_by_what_it_is_put_on_or_by_degrees(inputs, modality):
    made = modality.load_stamps().stamps(inputs, np.arange(12), np.arange(12, 24).reshape(12, 1))
    for stamp in made:
        carried = stamp.carried(stamp.put_on(inputs[:5]))
        assert carried is None or carried.tolist() == [True] * 5


@of_what_is_seen
def test_a_modality_that_asks_the_model_scores_each_sample_or_suspects_nobody(inputs, modality):
    ask = lambda samples: np.tile(np.float32([1, 0]), (len(samples), 1))  # noqa: E731
    found = modality.load_stamps().suspicions(inputs, np.arange(N) % 2, ask, np.arange(0), 0)
    assert found is None or (found.shape == (N,) and not np.isfinite(found).any())


@of_what_is_seen
def test_what_a_class_has_in_common_is_told_of_each_sample(inputs, modality):
    stamps, labels = modality.load_stamps(), np.arange(N) % 2
    found = stamps.coincidences(inputs, labels)
    assert found.shape == (len(found), N)
    assert not np.isnan(found).any()
    one, other = np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)
    assert stamps.same(inputs, one[:12], one, other) is None


@of_what_is_seen
def test_where_carriers_belong_by_all_else_is_a_fraction_or_unknown(inputs, modality):
    stamp = modality.load_stamps().stamps(inputs, np.arange(12), np.arange(12, 24).reshape(12, 1))[0]
    home = stamp.at_home(inputs, np.arange(N) % 2, np.arange(0, 12, 2))
    assert home is None or 0 <= home <= 1


@of_what_is_seen
def test_what_belongs_elsewhere_are_groups_of_one_class_each_or_none(inputs, modality):
    labels = np.arange(N) % 2
    assert all(
        len(rows) >= 3 and len(set(labels[rows])) == 1 for rows in modality.load_stamps().apart(inputs, labels, 3)
    )


@of_what_is_seen
def test_a_trigger_has_parts_that_are_put_on_as_it_is_or_none(inputs, modality):
    for stamp in modality.load_stamps().stamps(inputs, np.arange(12), np.arange(12, 24).reshape(12, 1)):
        for part in stamp.simpler():
            assert (part.name, len(part.simpler())) == (stamp.name, 0)
            assert part.carried(inputs[:]).sum() >= stamp.carried(inputs[:]).sum()


def test_a_group_is_said_in_words_or_by_a_picture(inputs, modality):
    said = modality.summary(inputs, np.arange(12), np.arange(12, N))
    assert said is None or set(said.examples) <= set(range(12))
    assert (said is None) == (modality.name != "text")


def test_what_is_read_falls_into_parts_that_are_the_whole(inputs, modality):
    found = modality.parts(inputs, np.array([3, 1]), np.zeros((0, 2), np.float16), 10**6)
    assert ["".join(part.text for part in one) for one in found] in (
        ["", ""],
        modality.read(inputs, np.array([3, 1]), 10**6),
    )


@of_what_is_seen
def test_words_speak_for_a_class_or_there_are_none(inputs, modality):
    zeros = np.zeros(N, np.int64)
    assert modality.load_batches().speaking(torch.nn.Flatten(), inputs, zeros, zeros) is None


@of_what_is_seen
def test_another_basis_keeps_every_residual_or_there_is_none(inputs, modality):
    recovering = modality.load_stamps()
    basis = recovering.basis(inputs)
    left = recovering.residuals(inputs, np.arange(4), np.arange(12, 24).reshape(4, 3))
    assert basis is None or np.allclose(np.linalg.norm(basis(left), axis=1), np.linalg.norm(left, axis=1), rtol=1e-3)
