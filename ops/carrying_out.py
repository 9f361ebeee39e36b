"""Rehearses acts and shows the result, or does them."""

from collections.abc import Sequence

import click

from ops.acting import Act, Answered, How, done, rehearsed
from ops.acts_page import answer_lines, bulk_lines, data_of, rehearsal_page
from ops.bulk import Bulk
from ops.commands import Asked
from ops.exit_codes import ExitCode


def carry_out(asked: Asked, acts: Sequence[Act], how: How, bulk: Bulk | None = None) -> None:
    """Show what would become of these acts, or do them. Exits with 1 if none can be done, with 3 if some cannot.

    Args:
        bulk: what was found, if more than one order was asked for.
    """
    found = bulk_lines(bulk) if bulk else ()
    if not how.is_done:
        rehearsal = rehearsed(asked, acts, how)
        data = data_of(rehearsal.answers, rehearsal.differences, bulk, is_done=False)
        asked.output.show(data, (*found, *rehearsal_page(rehearsal)))
        raise click.exceptions.Exit(_exit_code(rehearsal.answers))
    answers: list[Answered] = []
    try:
        with asked.output.progress("settling", total=len(acts)) as progress:
            for answer in done(asked, acts, how):
                answers.append(answer)
                progress.by(1)
    finally:
        # Even if the database or Ctrl-C stops it halfway: what is done is done.
        if answers or not acts:
            page = (*found, *answer_lines(answers, "ended as"))
            asked.output.show(data_of(answers, {}, bulk, is_done=True), page)
    raise click.exceptions.Exit(_exit_code(answers))


def _exit_code(answers: Sequence[Answered]) -> ExitCode:
    refused = sum(answer.is_refused for answer in answers)
    if refused == 0:
        return ExitCode.FINE
    return ExitCode.FAILED if refused == len(answers) else ExitCode.FOUND
