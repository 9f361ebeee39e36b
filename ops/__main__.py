"""./shop: ask a shop where an order, its money and its stock are, and put right what is not.

Every command of the operators is in a module of its own, and is registered here.
"""

import tomllib
from typing import Final

import click

from ops.admin import admin
from ops.audit import audit
from ops.commands import Asked, Commands
from ops.deliver import deliver
from ops.export import export
from ops.findings import findings
from ops.forget import forget
from ops.handle import handle
from ops.listen import listen
from ops.orders import orders
from ops.reconcile import reconcile
from ops.repair import REPAIRS
from ops.replay import replay
from ops.restocking import STOCK_ACTS
from ops.retry import retry
from ops.search import search
from ops.seeding import seed
from ops.status import status, watch
from ops.stock import stock
from ops.why import why
from tools.toolchain import ROOT

_VERSION: Final = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(_VERSION, prog_name="shop")
@click.pass_context
def shop(context: click.Context) -> None:
    """Find out where an order, its money and its stock are, and correct what is wrong.

    Woken up? Start with `./shop status`: it lists what needs a person, and exits with 3 if anything does. Then run
    `./shop why ID` with any id you have: it shows what happened, and what to do next, as commands to copy.

    Most commands only look. Those that change something only show what they would do, until you add --yes and a
    --reason. Two act at once: `deliver`, for tests, and `admin`.
    """
    context.ensure_object(Asked)


for act in STOCK_ACTS:
    stock.add_command(act)
ASKING: Final = (status, watch, why, findings, search, orders)
PROVING: Final = (audit, export, deliver, listen)
for each in (*ASKING, stock, *REPAIRS, replay, retry, handle, reconcile, seed, forget, admin, *PROVING):
    shop.add_command(each)


if __name__ == "__main__":
    # The variable of click's shell completion; docs/operating.md says how to switch that on.
    shop(prog_name="./shop", complete_var="_SHOP_COMPLETE")
