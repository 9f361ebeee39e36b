"""Print the figures. Runs inside the emulators: `make bench`."""

from bench.cold_start import fresh_process_seconds
from bench.race import CLIENTS, VOICES, Race, race_ours, race_textbook


def main() -> None:
    imports, app, ready = fresh_process_seconds()
    print(f"\nCold start: the imports {imports:.3f} s; main.py and its app {app:.3f} s, ratio {app / imports:.2f};")
    print(f"            with the webhook's door and stripe {ready:.3f} s, ratio {ready / imports:.2f}")
    print(f"\n{len(VOICES)} deliveries for each paid order, {CLIENTS} clients at once, settled in process:\n")
    print(f"  {'':34}{'events/s':>9}{'failed':>8}{'orders not finalized':>22}{'units miscounted':>18}")
    for one_product in (False, True):
        what = "one product" if one_product else "a product each"
        ours, textbook = race_ours(one_product=one_product), race_textbook(one_product=one_product)
        _print_race(f"ours, {what}", ours)
        _print_race(f"textbook transaction, {what}", textbook)
        print(f"  ratio: {ours.events_per_second / textbook.events_per_second:.0f}\n")


def _print_race(name: str, race: Race) -> None:
    lost = f"{race.orders_not_finalized} of {race.orders}"
    print(
        f"  {name:34}{race.events_per_second:9.1f}{race.failed_deliveries:8}{lost:>22}{race.units_miscounted:18}",
        flush=True,
    )


if __name__ == "__main__":
    main()
