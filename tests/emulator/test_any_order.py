"""The stories of one payment on the real emulator, with all that is told delivered at once."""

import random
from functools import partial

import pytest
from google.cloud import firestore

from tests.contract.database import InFirestore
from tests.support.auditor import complaints
from tests.support.emulated_shop import all_at_once, settle_in
from tests.support.scenarios import FACTS, STORIES, Story, a_shop, delivered, money_in, time_of

HANDS = 4


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_facts_told_all_at_once_and_some_twice_end_with_the_same_money_and_stock(
    firestore_client: firestore.Client, story: Story
) -> None:
    database = InFirestore(firestore_client)
    for path, fields in a_shop(story.stock).items():
        database.put(path, fields)
    dice = random.Random(11)  # noqa: S311 - no secret
    names = [*story.facts, *dice.choices(story.facts, k=2)]
    dice.shuffle(names)
    settle = settle_in(firestore_client)
    jobs = [partial(settle, delivered(FACTS[name], number), time_of(name)) for number, name in enumerate(names)]
    all_at_once(jobs, hands=HANDS)
    documents = database.dump()
    assert money_in(documents) == story.money
    assert complaints(documents, {"shirt": story.stock}) == []
