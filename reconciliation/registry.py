"""All rules. A new one is a file in `reconciliation/rules` and a line here."""

from typing import Any, Final

from reconciliation.finding import Finding, Rule, Subject
from reconciliation.rules import (
    amounts_differ,
    claim_without_entry,
    effect_stuck,
    event_not_settled,
    inventory_unreadable,
    key_of_another_account,
    not_compared,
    paid_only_at_stripe,
    paid_only_here,
    payment_not_indexed,
    refunds_differ,
    reserved_not_held,
    session_of_closed_order,
    stock_off_trail,
    taking_overdue,
    units_not_taken,
)

RULES: Final[tuple[Rule[Any], ...]] = (
    amounts_differ.RULE,
    claim_without_entry.RULE,
    effect_stuck.RULE,
    event_not_settled.RULE,
    inventory_unreadable.RULE,
    key_of_another_account.RULE,
    not_compared.RULE,
    paid_only_at_stripe.RULE,
    paid_only_here.RULE,
    payment_not_indexed.RULE,
    refunds_differ.RULE,
    reserved_not_held.RULE,
    session_of_closed_order.RULE,
    stock_off_trail.RULE,
    taking_overdue.RULE,
    units_not_taken.RULE,
)


def rules_for(subject: Subject) -> tuple[Rule[Any], ...]:
    """The rules for this kind of subject."""
    return tuple(rule for rule in RULES if isinstance(subject, rule.looks_at))


def findings_of(subject: Subject) -> tuple[Finding, ...]:
    """All that is wrong with it."""
    return tuple(finding for rule in rules_for(subject) if (finding := rule.finding(subject)))
