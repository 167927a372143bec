"Whatever the labels, copies, groups and fractions: nothing is torn, nothing is lost, and no class is on one side only."

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gan_augmentation.data import ImageDataset, fold_splits, split_data
from gan_augmentation.data.duplicates import choose_sets, near_pairs, same_images
from gan_augmentation.data.images import stratified
from gan_augmentation.data.splits import hold_out

FAST = settings(max_examples=40, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def pictures(numbers):
    "Make an image of every number: equal numbers, equal images."
    return np.asarray(numbers, dtype=np.uint32).view(np.uint8).reshape(-1, 1, 2, 2) + np.uint8(0)


@st.composite
def drawn(draw, mixed=False, groups=False):
    "Draw images of a few classes, some of them several times, the smallest class with three different ones."
    rng = np.random.default_rng(draw(SEEDS))
    n_classes, repeats = draw(st.integers(1, 6)), draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    labels = np.repeat(range(n_classes), rng.integers(4, 40, n_classes))
    numbers = np.arange(len(labels))
    for i in np.flatnonzero(rng.random(len(labels)) < repeats):
        same = np.flatnonzero(labels == labels[i])
        numbers[i] = numbers[rng.choice(np.arange(len(labels)) if mixed else same)]
    for c in range(n_classes):  # three different ones at least
        first = np.flatnonzero(labels == c)[:3]
        numbers[first] = len(labels) + first
    owners = rng.integers(0, 12, len(labels)) if groups else None
    order = rng.permutation(len(labels))
    owners = None if owners is None else owners[order]
    return ImageDataset(pictures(numbers[order]), labels[order], groups=owners)


def parts_of(splits):
    return [ds for ds in (splits.train, splits.valid, splits.test) if ds is not None]


def check_whole(ds, splits):
    "Every image is in one part, unchanged, and no copy and no group is in two."
    parts = parts_of(splits)
    assert sorted(torch.cat([part.index for part in parts]).tolist()) == list(range(len(ds)))
    for part in parts:
        assert torch.equal(ds.images[part.index], part.images)
        assert torch.equal(ds.labels[part.index], part.labels)
    for name in ("hashes", "groups"):
        if name == "groups" and ds.groups is None:
            continue
        found = [set((p.hashes() if name == "hashes" else p.groups).tolist()) for p in parts]
        assert len(set().union(*found)) == sum(map(len, found)), name


def check_sizes(ds, part, fraction):
    "A class misses less than one of its sets of equal images."
    sizes = np.bincount(same_images(ds.hashes()))[same_images(ds.hashes())]
    for c in range(ds.n_classes):
        largest = int(sizes[ds.labels.numpy() == c].max())
        assert abs(part.counts[c] - fraction * ds.counts[c]) <= max(largest, 1) + 0.5


@FAST
@given(drawn(), st.floats(0.05, 0.5), SEEDS)
@pytest.mark.filterwarnings("ignore")
def test_copies_stay_on_one_side_and_every_class_is_on_both(ds, fraction, seed):
    splits = split_data(ds, valid_pct=fraction, seed=seed)
    check_whole(ds, splits)
    check_sizes(ds, splits.valid, fraction)
    assert min(splits.train.counts) > 0 and min(splits.valid.counts) > 0
    assert split_data(ds, valid_pct=fraction, seed=seed).sha256 == splits.sha256


@FAST
@given(drawn(), st.floats(0.05, 0.4), st.floats(0.05, 0.4), SEEDS)
@pytest.mark.filterwarnings("ignore")
def test_a_test_part_is_cut_off_in_the_same_way(ds, valid, test, seed):
    splits = split_data(ds, valid=valid, test=test, seed=seed)
    check_whole(ds, splits)
    check_sizes(ds, splits.test, test)
    assert all(min(part.counts) > 0 for part in parts_of(splits))


@FAST
@given(drawn(), st.floats(0.05, 0.5), SEEDS)
@pytest.mark.filterwarnings("ignore")
def test_a_test_part_is_sealed_later_in_the_same_way(ds, fraction, seed):
    before = split_data(ds, seed=seed)
    splits = hold_out(before, fraction, seed)
    check_whole(ds, splits)
    assert all(min(part.counts) > 0 for part in (splits.train, splits.valid))
    assert set(splits.train.index.tolist()) <= set(before.train.index.tolist())
    assert set(splits.valid.index.tolist()) <= set(before.valid.index.tolist())


@FAST
@given(drawn(mixed=True), st.floats(0.05, 0.5), SEEDS)
@pytest.mark.filterwarnings("ignore")
def test_a_picture_with_two_labels_is_not_torn_either(ds, fraction, seed):
    splits = split_data(ds, valid_pct=fraction, seed=seed)
    check_whole(ds, splits)
    assert min(splits.train.counts) > 0 and min(splits.valid.counts) > 0


@FAST
@given(drawn(mixed=True, groups=True), st.floats(0.1, 0.5), SEEDS)
@pytest.mark.filterwarnings("ignore")
def test_groups_grow_together_where_they_share_a_picture(ds, fraction, seed):
    try:
        splits = split_data(ds, valid_pct=fraction, seed=seed)
    except ValueError as e:  # all groups hang together, or too few are left
        assert "groups" in str(e)
        assume(False)
    check_whole(ds, splits)
    assert min(splits.train.counts) > 0 and min(splits.valid.counts) > 0


@settings(FAST, max_examples=20)
@given(drawn(), st.integers(2, 3), SEEDS)
@pytest.mark.filterwarnings("ignore")
def test_folds_tear_no_copies(ds, k, seed):
    try:
        folds = fold_splits(ds, k, seed)
    except ValueError as e:
        assert "different images" in str(e) or "is left" in str(e)
        assume(False)
    for fold in folds:
        check_whole(ds, fold)
    tested = torch.cat([fold.test.index for fold in folds])
    assert sorted(tested.tolist()) == list(range(len(ds)))


@FAST
@given(st.lists(st.integers(2, 50), min_size=1, max_size=5), st.floats(0.01, 0.99), SEEDS)
def test_without_copies_the_choice_is_the_plain_stratified_one(sizes, fraction, seed):
    labels = np.repeat(range(len(sizes)), sizes)
    plain = stratified(labels, fraction, seed).numpy()
    counts = np.bincount(labels[plain], minlength=len(sizes))
    assume((counts > 0).all() and (counts < sizes).all())
    assert choose_sets(labels, range(len(labels)), fraction, seed).tolist() == plain.tolist()


@FAST
@given(SEEDS, st.integers(0, 8))
def test_near_words_are_found_as_one_by_one(seed, bits):
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 2**64, 4, dtype=np.uint64)[rng.integers(4, size=30)]
    for _ in range(4):
        words = words ^ (np.uint64(1) << rng.integers(0, 64, len(words), dtype=np.uint64))
    slow = [(i, j) for i in range(30) for j in range(i + 1, 30) if (int(words[i]) ^ int(words[j])).bit_count() <= bits]
    assert near_pairs(words, bits, block=100).tolist() == [list(pair) for pair in slow]
