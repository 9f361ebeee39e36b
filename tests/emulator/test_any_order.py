"""The scenarios of one payment on the real emulator, with all their events delivered at once."""

import random
from functools import partial

import pytest
from google.cloud import firestore

from tests.support.auditor import complaints
from tests.support.emulated_shop import all_at_once, documents_in, settle_in, write_all
from tests.support.scenarios import FACTS, STORIES, Story, a_shop, delivered, money_in, time_of

THREADS = 4


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_events_delivered_all_at_once_and_some_of_them_twice_end_with_the_same_money_and_stock(
    firestore_client: firestore.Client, story: Story
) -> None:
    write_all(firestore_client, a_shop(story.stock))
    dice = random.Random(11)  # noqa: S311 - no secret
    names = [*story.facts, *dice.choices(story.facts, k=2)]
    dice.shuffle(names)
    settle = settle_in(firestore_client)
    jobs = [partial(settle, delivered(FACTS[name], number), time_of(name)) for number, name in enumerate(names)]
    all_at_once(jobs, threads=THREADS)
    documents = documents_in(firestore_client)
    assert money_in(documents) == story.money
    assert complaints(documents, {"shirt": story.stock}) == []
