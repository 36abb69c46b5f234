import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adebook.classes import CLASSES, find


def test_the_index_is_the_train_id():
    assert len(CLASSES) == 150
    for i, c in enumerate(CLASSES):
        assert c.train_id == i
        assert c.id == i + 1


def test_first_and_last():
    wall, flag = CLASSES[0], CLASSES[149]
    assert (wall.name, wall.color, wall.full_ids) == ("wall", (120, 120, 120), (2978,))
    assert (wall.pixel_share, wall.train_images, wall.val_images) == (0.1576, 11664, 1172)
    assert (flag.name, flag.id, flag.is_thing) == ("flag", 150, True)


def test_what_is_known_of_the_whole():
    """objectInfo150: 35 stuff and 115 things; the shares leave 7.25 % of the pixels unlabeled."""
    assert sum(c.is_stuff for c in CLASSES) == 35
    assert sum(c.is_thing for c in CLASSES) == 115
    assert sum(c.pixel_share for c in CLASSES) == pytest.approx(0.9275, abs=1e-9)
    assert len({c.name for c in CLASSES}) == 150
    assert len({c.color for c in CLASSES}) == 149
    assert [c.id for c in CLASSES if c.color == (140, 140, 140)] == [7, 49]
    assert {c.id: c.full_ids for c in CLASSES if len(c.full_ids) > 1} == {
        15: (774, 783),
        36: (2985, 533),
        89: (246, 247),
    }
    assert len({i for c in CLASSES for i in c.full_ids}) == 153
    assert all(c.name not in c.synonyms for c in CLASSES)


def test_immutable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CLASSES[0].name = "roof"
    with pytest.raises((AttributeError, TypeError)):
        CLASSES[0].note = "no room for it"
    assert hash(CLASSES[0])


@given(st.sampled_from(CLASSES))
def test_find_by_id_and_name(c):
    assert find(c.id) is c
    assert find(np.uint8(c.id)) is c
    assert find(c.name) is c
    assert find(f"  {c.name.upper()} ") is c


@given(st.sampled_from([(c, s) for c in CLASSES for s in c.synonyms]))
def test_find_by_synonym(pair):
    c, synonym = pair
    names = {other.name for other in CLASSES}
    owners = [other for other in CLASSES if synonym in other.synonyms]
    if synonym in names:
        assert find(synonym).name == synonym
    elif len(owners) == 1:
        assert find(synonym) is c
    else:
        with pytest.raises(ValueError) as caught:
            find(synonym)
        for owner in owners:
            assert f"'{owner.name}' ({owner.id})" in str(caught.value)


def test_the_own_name_wins_over_a_synonym():
    assert "screen" in find("screen door").synonyms
    assert find("screen").id == 131


def test_shared_synonym_names_the_candidates():
    with pytest.raises(ValueError, match=r"'ground' is a synonym of several.*'earth' \(14\), 'land' \(95\)"):
        find("ground")


@pytest.mark.parametrize(
    "typo, meant", [("buildin", "building"), ("air plane", "airplane"), ("motorbikes", "motorbike")]
)
def test_did_you_mean(typo, meant):
    with pytest.raises(ValueError) as caught:
        find(typo)
    assert repr(typo) in str(caught.value)
    assert "did you mean" in str(caught.value)
    assert repr(meant) in str(caught.value)


@pytest.mark.parametrize(
    "key, says",
    [
        (0, "0 is 'other'.*never a class.*Did you pass a train id"),
        (-1, "official id -1.*1 \\(wall\\) to 150 \\(flag\\)"),
        (151, "official id 151.*1 \\(wall\\) to 150 \\(flag\\)"),
        (255, "255 marks ignored pixels"),
        (True, "True is a bool"),
        ("xyzzy", "No class of SceneParse150 is named 'xyzzy'.*CLASSES holds all 150"),
        ("24", "did you mean the number, find\\(24\\)"),
    ],
)
def test_refused(key, says):
    with pytest.raises(ValueError, match=says):
        find(key)


@pytest.mark.parametrize("key", [2.0, None, (1,)])
def test_wrong_type(key):
    with pytest.raises(TypeError, match="official id \\(int\\) or a class name"):
        find(key)
