"""What all commands share: which shop they use, where they print, and how they end."""

import json
from collections.abc import Mapping
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from google.auth.exceptions import DefaultCredentialsError, RefreshError

from database.errors import RequestRefused
from ops.__main__ import shop
from ops.commands import Asked, Commands, command
from ops.connection import Shop, open_shop, project_named
from ops.exit_codes import ExitCode, Failed
from ops.page import Cell, Heading, Line, Table, Tone
from orders.outcome import StoreUnavailable
from reconciliation.finding import to_copy
from service.environment import SettingsError
from tests.support.builders import NOW
from tests.support.memory_store import MemoryStore
from tests.support.operating import operated


@command("tell")
@click.pass_obj
def tell(asked: Asked) -> None:
    asked.output.say("looking ...")
    page = (Heading("Shirts"), Table((("shirt", Cell("3", is_number=True)),), ("product", "held")), Line("\x1b[2Jend"))
    asked.output.show({"at": NOW, "held": 3, "of": asked.project}, page)


def ran(*words: str, function: click.Command = tell, asked: Asked | None = None) -> Result:
    family = Commands("shop", commands=[function])
    return CliRunner().invoke(family, words, obj=asked or Asked())


def test_data_goes_to_stdout_and_talk_to_stderr() -> None:
    assert ran("tell").stderr == "looking ...\n"
    assert ran("tell").stdout == "Shirts\nproduct  held\nshirt       3\n\N{REPLACEMENT CHARACTER}[2Jend\n"


def test_a_command_to_copy_names_the_project_that_was_named() -> None:
    @command("next")
    @click.pass_obj
    def following(asked: Asked) -> None:
        asked.output.show({}, [Line("  ./shop refund order-1", Tone.COMMAND), Line("./shop is said")])

    assert ran("next", function=following).stdout == "  ./shop refund order-1\n./shop is said\n"
    said = ran("next", "--project", "live", function=following).stdout
    assert said == "  ./shop --project live refund order-1\n./shop is said\n"


def test_a_failure_names_the_project_in_the_command_that_helps() -> None:
    @command("fail")
    def failing() -> None:
        raise Failed("Look: ./shop why order-1")

    assert ran("fail", function=failing).stderr == "Error: Look: ./shop why order-1\n"
    assert ran("fail", "--project", "live", function=failing).stderr == (
        "Error: Look: ./shop --project live why order-1\n"
    )


def test_an_id_that_a_customer_made_up_does_nothing_to_the_shell_into_which_it_is_copied() -> None:
    assert to_copy("why", "order-1") == "./shop why order-1"
    assert to_copy("why", "$(rm -r .); x") == "./shop why '$(rm -r .); x'"
    assert to_copy("stock show", "-x") == "./shop stock show -- -x"


def test_a_row_in_a_file_is_one_line_however_long_it_is() -> None:
    @command("long")
    @click.pass_obj
    def long(asked: Asked) -> None:
        asked.output.show({}, [Table([("x" * 300, "end")])])

    assert len(ran("long", function=long).stdout.splitlines()) == 1


@pytest.mark.parametrize("words", [("--json", "--project", "p", "tell"), ("tell", "--json", "--project", "p")])
def test_json_and_the_project_may_be_said_before_a_command_or_behind_it(words: tuple[str, ...]) -> None:
    assert json.loads(ran(*words).stdout) == {"at": NOW.isoformat(), "held": 3, "of": "p"}


@pytest.mark.parametrize(
    ("problem", "code", "said"),
    [
        (DefaultCredentialsError("no"), ExitCode.NOT_SIGNED_IN, "gcloud auth application-default login"),
        (RefreshError("expired"), ExitCode.NOT_SIGNED_IN, "gcloud auth application-default login"),
        (StoreUnavailable("timeout"), ExitCode.FAILED, "timeout"),
        (RequestRefused("PERMISSION_DENIED: no"), ExitCode.FAILED, "roles/datastore.viewer"),
        (SettingsError("LOCALE must be"), ExitCode.FAILED, "LOCALE must be"),
        (click.UsageError("which?"), ExitCode.USAGE, "which?"),
    ],
)
def test_what_goes_wrong_is_one_line_that_says_what_to_do(problem: Exception, code: ExitCode, said: str) -> None:
    @command("fail")
    def fail() -> None:
        raise problem

    result = ran("fail", function=fail)
    assert (result.exit_code, result.stdout, said in result.stderr) == (code, "", True)
    assert "Traceback" not in result.stderr


def test_it_is_so_too_where_a_family_of_commands_does_something_by_itself() -> None:
    def nobody(*_: object) -> Shop:
        raise DefaultCredentialsError("no")

    assert CliRunner().invoke(shop, ["stock"], obj=Asked(open=nobody)).exit_code == ExitCode.NOT_SIGNED_IN


def test_who_is_no_longer_signed_in_is_told_so_even_where_the_token_is_renewed_behind_a_call() -> None:
    @command("fail")
    def fail() -> None:
        raise StoreUnavailable("no access token") from RefreshError("expired")

    assert ran("fail", function=fail).exit_code == ExitCode.NOT_SIGNED_IN


@pytest.mark.parametrize(
    ("named", "environment", "firebaserc", "project"),
    [
        ("named", {"GOOGLE_CLOUD_PROJECT": "g"}, '{"projects": {"default": "d"}}', "named"),
        ("live", {}, '{"projects": {"live": "shop-live"}}', "shop-live"),
        (None, {"GOOGLE_CLOUD_PROJECT": "g", "GCLOUD_PROJECT": "h"}, '{"projects": {"default": "d"}}', "g"),
        (None, {"GCLOUD_PROJECT": "h"}, "{}", "h"),
        (None, {"FIRESTORE_EMULATOR_HOST": "here"}, '{"projects": {"default": "d"}}', "d"),
        (None, {"FIRESTORE_EMULATOR_HOST": "here"}, "{}", "demo-shop"),
    ],
)
def test_the_project_is_the_first_that_is_named(
    named: str | None, environment: Mapping[str, str], firebaserc: str, project: str, tmp_path: Path
) -> None:
    (tmp_path / ".firebaserc").write_text(firebaserc)
    assert project_named(named, environment, tmp_path / ".firebaserc") == project


def test_no_project_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="--project ID"):
        project_named(None, {}, tmp_path / ".firebaserc")


def test_a_shop_has_its_projects_own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "elsewhere")
    (tmp_path / ".env").write_text("DATABASE_ID=shared\nOPEN_ORDERS_MAX=3\n")
    (tmp_path / ".env.shop-live").write_text("DATABASE_ID=sales\n")
    opened = open_shop("shop-live", tmp_path)
    assert (opened.project, opened.settings.database, opened.settings.terms.open_orders_max) == (
        "shop-live",
        "sales",
        3,
    )
    assert not opened.is_emulated


@pytest.mark.parametrize(
    "words",
    [
        ("accept", "order-1", "--yes", "--reason", "as agreed\udcff"),
        ("stock", "set", "shirt\udcff", "5"),
        ("replay", "evt_1", "evt_\udcff"),
    ],
)
def test_what_is_no_text_is_refused_before_anything_is_done(words: tuple[str, ...]) -> None:
    store = MemoryStore()
    refused = operated(store, *words)
    assert (refused.exit_code, store.dump()) == (ExitCode.USAGE, {})
    assert "is not valid UTF-8" in refused.stderr


def test_the_shop_is_opened_only_when_a_command_asks_for_it() -> None:
    opened: list[str | None] = []

    def counting(named: str | None) -> Shop:
        opened.append(named)
        return Shop(named or "", {})

    asked = Asked(open=counting)
    ran("tell", "--project", "p", asked=asked)
    assert opened == []
    assert asked.shop.project == "p"


def test_help_says_where_to_begin_at_night() -> None:
    said = CliRunner().invoke(shop, ["--help"]).stdout
    assert "./shop status" in said
    assert "./shop why ID" in said


def test_each_line_of_help_is_whole_and_what_only_asks_comes_first() -> None:
    context = click.Context(shop, info_name="./shop")
    families = [shop, *(each for each in shop.commands.values() if isinstance(each, click.Group))]
    said = [each.get_short_help_str(63) for family in families for each in family.commands.values()]
    assert [words for words in said if words.endswith("...")] == []
    assert shop.list_commands(context)[:6] == ["status", "watch", "why", "findings", "search", "orders"]
