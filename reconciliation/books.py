"""Keeps the findings: opens one when a rule finds something wrong, closes it when it no longer is; logs each once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from database.documents.findings import (
    ALL_FOUND,
    OpenFinding,
    closed,
    finding_path,
    is_found,
    is_handled,
    noted,
    open_finding_from,
)
from database.ids import is_document_id
from database.store import Document, DocumentStore, Moment, Write
from orders.outcome import StoreContended
from reconciliation.finding import Finding, Rule, Subject, finding_id_of
from reconciliation.registry import RULES, findings_of, rules_for
from service.logs import Log, log_found

OPEN_MAX: Final = 1_000
"""The most findings kept open. If more is wrong, it all has one cause."""
SECONDS_MAX: Final = 8.0


@dataclass(slots=True)
class Books:
    """The findings of one run, and those from before."""

    store: DocumentStore
    log: Log
    open: dict[str, OpenFinding]
    """By id; including those that a person has handled, which may close or be about something else by now."""
    opened: list[Finding] = field(default_factory=list)
    """In this run."""
    closed: list[str] = field(default_factory=list)
    """Ids of findings closed in this run."""
    _found_now: set[str] = field(default_factory=set)
    """Ids of all findings of this run, not only the new ones."""
    _overfull: set[str] = field(default_factory=set)
    """Rules with more findings than are kept."""

    @classmethod
    def of(cls, moment: Moment, store: DocumentStore, log: Log) -> "Books":
        """Load the findings of the rules in RULES. Those of others are managed elsewhere, and take no room here."""
        known: dict[str, OpenFinding] = {}
        names = {rule.name for rule in RULES}
        for batch in moment.find(ALL_FOUND):
            read = (open_finding_from(finding_id, fields) for finding_id, fields in batch)
            known |= {each.finding_id: each for each in read if each and each.rule in names}
            if len(known) >= OPEN_MAX:
                break
        return cls(store, log, known)

    @property
    def is_overfull(self) -> bool:
        """Whether this run found something that was not kept for lack of room, so that the next run must look again."""
        return bool(self._overfull)

    @property
    def open_count(self) -> int:
        """How many wait for a person."""
        return sum(not each.is_handled for each in self.open.values())

    def judge(self, subject: Subject, now: datetime) -> None:
        """Apply every rule for this kind of subject. Raises StoreUnavailable."""
        for rule in rules_for(subject):
            if finding := rule.finding(subject):
                self._note(finding, now)
            else:
                self.close(finding_id_of(rule.name, subject.key), now)

    def is_suspicious(self, subject: Subject) -> bool:
        """Whether a rule finds something new."""
        return any(finding.finding_id not in self.open for finding in findings_of(subject))

    def has_open(self, rule: Rule[Any], target: str) -> bool:
        return finding_id_of(rule.name, target) in self.open

    def finds(self, subject: Subject) -> bool:
        """Whether a rule finds anything, new or not."""
        return bool(findings_of(subject))

    def close(self, finding_id: str, now: datetime) -> None:
        if self.open.pop(finding_id, None) is None:
            return
        before = self._read(finding_id)
        if before and is_found(before):
            self._commit(closed(finding_id, before, now))
        self.closed.append(finding_id)
        self.log("INFO", "nothing is wrong there any longer", findingId=finding_id, result="finding_closed")

    def of_rule(self, *names: str) -> Iterator[OpenFinding]:
        """Findings that were open before and not found again in this run, those checked longest ago first."""
        known = sorted(self.open.values(), key=lambda finding: finding.last_seen_at)
        return (each for each in known if each.rule in names and each.finding_id not in self._found_now)

    def _note(self, finding: Finding, now: datetime) -> None:
        finding_id = finding.finding_id
        if not is_document_id(finding_id):
            self._say_not_kept(finding)
            return
        if finding_id not in self.open and len(self.open) >= OPEN_MAX:
            self._leave_out(finding)
            return
        before = self._read(finding_id)
        write, is_new = noted(finding, before, now)
        self._commit(write)
        if is_new:
            self.opened.append(finding)
            log_found(self.log, finding)
        self._found_now.add(finding_id)
        since = now if is_new or finding_id not in self.open else self.open[finding_id].since
        self.open[finding_id] = OpenFinding(
            finding_id,
            finding.rule,
            finding.target,
            finding.order_id,
            since,
            now,
            is_handled=not is_new and is_handled(before),
        )

    def _leave_out(self, finding: Finding) -> None:
        """Log this once per rule: if there is more than is kept, there may be very much more."""
        if finding.rule not in self._overfull:
            self._overfull.add(finding.rule)
            self._say_not_kept(finding)

    def _say_not_kept(self, finding: Finding) -> None:
        self.log("ERROR", finding.words, rule=finding.rule, remedy=finding.remedy, result="finding_not_kept")

    def _read(self, finding_id: str) -> Document | None:
        path = finding_path(finding_id)
        return self.store.read((path,), timeout_seconds=SECONDS_MAX)[path]

    def _commit(self, write: Write) -> None:
        try:
            self.store.commit((write,), timeout_seconds=SECONDS_MAX)
        except StoreContended:
            # Another run was faster, and has found the same or will.
            return
