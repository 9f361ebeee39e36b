"""Compared contestants take turns, and each is first equally often."""

from bench.turns import in_turn


def test_in_each_round_another_contestant_begins() -> None:
    rounds = [in_turn(("ours", "theirs", "bare"), number) for number in range(4)]
    assert [each[0] for each in rounds] == ["ours", "theirs", "bare", "ours"]
    assert {frozenset(each) for each in rounds} == {frozenset(("ours", "theirs", "bare"))}
