"""The scenarios of one payment on the real emulator, with all events delivered at once."""

import random
from functools import partial

import pytest
from google.cloud import firestore

from tests.support.auditor import complaints
from tests.support.builders import an_order
from tests.support.emulated_shop import all_at_once, documents_in, settle_in, write_all
from tests.support.scenarios import SCENARIOS, Scenario, delivery_of, ending_in
from tests.support.shop import shop_documents, time_of

THREADS = 4
SLICE = dict(list(SCENARIOS.items())[::10])
"""A tenth of them; the tests in memory try all, in every order."""


@pytest.mark.parametrize("scenario", SLICE.values(), ids=SLICE)
def test_events_delivered_all_at_once_and_some_of_them_twice_end_with_the_same_money_and_stock(
    firestore_client: firestore.Client, scenario: Scenario
) -> None:
    write_all(firestore_client, shop_documents(an_order(), stock=scenario.stock))
    dice = random.Random(11)  # noqa: S311 - no secret
    names = [*scenario.events, *dice.choices(scenario.events, k=2)]
    dice.shuffle(names)
    settle = settle_in(firestore_client)
    events = [delivery_of(name, number) for number, name in enumerate(names)]
    all_at_once([partial(settle, event, time_of(event)) for event in events], threads=THREADS)
    documents = documents_in(firestore_client)
    assert ending_in(documents) == scenario.ending
    assert complaints(documents, {"shirt": scenario.stock}) == []
