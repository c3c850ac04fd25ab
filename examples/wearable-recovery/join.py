"""Puts jumps beside what a wearable says about recovery, day by day; see README.md."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from statistics import mean, stdev

from kinemotion import KinemotionClient, KinemotionError, StoredRepetition

#: Days before that make what is usual; fewer say nothing.
FEWEST_DAYS = 3


@dataclass(frozen=True)
class Jump:
    """The best jump of a day."""

    height_m: float
    #: Half the width of its 95 % interval.
    uncertainty_m: float


@dataclass(frozen=True)
class Day:
    """A day on which somebody jumped and wore the wearable."""

    day: date
    jump: Jump
    #: Heart rate variability in the night before, milliseconds.
    hrv_ms: float
    sleep_h: float
    advice: str


def best_of_days(repetitions: Iterable[StoredRepetition]) -> dict[date, Jump]:
    """The best jump of each day. What is graded F or has no interval is left out."""
    best: dict[date, Jump] = {}
    for repetition in repetitions:
        height = repetition.data.metrics.get("jump_height")
        uncertainty = repetition.data.uncertainty.get("jump_height")
        if height is None or uncertainty is None or repetition.grade == "F":
            continue
        day = repetition.at.date()
        if day not in best or height > best[day].height_m:
            best[day] = Jump(height, uncertainty)
    return best


def read_wearable(path: str) -> dict[date, tuple[float, float]]:
    """Heart rate variability and sleep of each day: a table with the columns `day`, `hrv_ms`, `sleep_h`."""
    with open(path, newline="", encoding="utf-8") as file:
        return {
            date.fromisoformat(row["day"]): (float(row["hrv_ms"]), float(row["sleep_h"])) for row in csv.DictReader(file)
        }


def join(jumps: dict[date, Jump], wearable: dict[date, tuple[float, float]]) -> list[Day]:
    """Days that both know, the oldest first."""
    days: list[Day] = []
    for day in sorted(jumps.keys() & wearable.keys()):
        hrv, sleep = wearable[day]
        days.append(Day(day, jumps[day], hrv, sleep, advice(jumps[day], hrv, days)))
    return days


def advice(jump: Jump, hrv_ms: float, before: list[Day]) -> str:
    """What both together say, compared with the days before. An example of a rule, not medicine."""
    if len(before) < FEWEST_DAYS:
        return "not enough days"
    # Lower by more than the measurement is sure of.
    lower_jump = jump.height_m + jump.uncertainty_m < mean(day.jump.height_m for day in before)
    variability = [day.hrv_ms for day in before]
    lower_hrv = hrv_ms < mean(variability) - stdev(variability)
    if lower_jump and lower_hrv:
        return "go easy"
    return "keep an eye on it" if lower_jump or lower_hrv else "as planned"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("athlete", help="athlete_id or external_id")
    parser.add_argument("wearable", help="table of the wearable: day,hrv_ms,sleep_h")
    parser.add_argument("--from", dest="begin", metavar="DAY", default="1970-01-01", help="first day")
    options = parser.parse_args()
    with KinemotionClient() as client:
        wanted = client.repetitions(athlete=options.athlete, sport_type="cmj", from_=f"{options.begin}T00:00:00Z")
        days = join(best_of_days(wanted), read_wearable(options.wearable))
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["day", "jump_height_m", "uncertainty_m", "hrv_ms", "sleep_h", "advice"])
    for day in days:
        table.writerow([day.day, day.jump.height_m, day.jump.uncertainty_m, day.hrv_ms, day.sleep_h, day.advice])


if __name__ == "__main__":
    try:
        main()
    except KinemotionError as error:
        sys.exit(str(error))
