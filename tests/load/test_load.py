"""The checks of loads: that what is broken is noticed. Nothing is measured here.

    python3 -m unittest discover -q -s tests/load
"""

import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

LOAD = Path(__file__).resolve().parent
sys.path.insert(0, str(LOAD))

import capacity
import compare
import cost
import report
import scenarios
import slo
from scenario import Scenario, at_most
from scenarios import budget

DOCS = LOAD.parents[1] / "docs"
WHERE = {"commit": "abc", "date": "today", "machine": "2 × processor, 8 GB", "versions": "1", "system": "s"}


def request(name: str, p95: int, count: int = 100, failed: int = 0) -> dict[str, str]:
    row = {"Type": "GET", "Name": name, "Request Count": count, "Failure Count": failed, "Requests/s": 1, "50%": 5, "95%": p95, "99%": p95}
    return {key: str(value) for key, value in row.items()}


def stage(p95: int = 100, failed: int = 0, live_p95: float | None = 50.0, refused: int = 0, lost: int = 0) -> dict[str, object]:
    latency = {"p50": 10.0, "p95": live_p95, "p99": 90.0}
    sessions = {"sessions": 2, "refused": refused, "failed": lost, "degraded": 0.0, "latency_ms": latency}
    rows = [request("/a", p95), request("/stream to the end", 5000), request("Aggregated", 4000, 200, failed)]
    return {"stage": "peak", "users": 100, "live": {**sessions, "daemon": {"cores": 1.0}}, "requests": rows}


class Slo(unittest.TestCase):
    def finish(self, *stages: dict[str, object], troubles: tuple[str, ...] = ()) -> tuple[int, dict, str]:
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
            result = {"where": WHERE, "figures": list(stages), "troubles": list(troubles)}
            status = slo.finish(scenarios.ALL["slo"], result, Path(folder))
            return status, json.loads((Path(folder) / "summary.json").read_text()), (Path(folder) / "summary.md").read_text()

    def test_what_is_kept_is_a_success(self) -> None:
        status, found, text = self.finish(stage())
        self.assertEqual((status, found["kept"]), (0, True))
        self.assertIn("SLOs are kept", text)

    def test_every_promise_that_is_broken_is_a_failure_and_is_named(self) -> None:
        for one, said in [
            (stage(p95=201), "p95 of every kind of request < 200 ms, slowest GET /a"),
            (stage(failed=3), "requests that fail"),
            (stage(live_p95=250.0), "frame sent → metric received"),
            (stage(refused=1), "nobody who publishes is refused"),
            (stage(lost=1), "live sessions that fail"),
        ]:
            status, found, text = self.finish(stage(), one)
            self.assertEqual((status, found["kept"]), (1, False), said)
            broken = [goal["text"] for goal in found["goals"] if not goal["reached"]]
            self.assertEqual(len(broken), 1)
            self.assertIn(said, broken[0])
            self.assertIn("SLOs are broken", text)

    def test_what_could_not_be_measured_is_a_failure(self) -> None:
        nothing = stage(live_p95=None)
        nothing["requests"] = [request("Aggregated", 0, 0)]
        status, found, _ = self.finish(nothing)
        self.assertEqual(status, 1)
        self.assertEqual(sum(goal["reached"] is None for goal in found["goals"]), 3)

    def test_a_daemon_that_did_not_end_well_is_a_failure(self) -> None:
        self.assertEqual(self.finish(stage(), troubles=("the daemon ended with 1",))[0], 1)


class Report(unittest.TestCase):
    """Results of a cache that is gone stay in the document."""

    def scenario(self, name: str) -> Scenario:
        return Scenario(
            name,
            f"Title of {name}",
            measure=lambda bench: None,
            tell=lambda figures: f"| found |\n| ---: |\n| {figures} |\n",
            goals=lambda figures: [at_most("little", figures, 10, "ms")],
        )

    def result(self, figures: float, troubles: tuple[str, ...] = ()) -> dict[str, object]:
        return {"where": WHERE, "figures": figures, "troubles": list(troubles)}

    def setUp(self) -> None:
        self.scenarios = [self.scenario(name) for name in ("first", "first-again", "third")]
        self.whole = {"first": self.result(5), "first-again": self.result(22, ("it ended badly",)), "third": self.result(3)}

    def test_the_same_results_and_none_give_the_same_text(self) -> None:
        whole = report.body(self.scenarios, self.whole)
        for some in ({}, {"first-again": self.whole["first-again"]}, self.whole):
            self.assertEqual(report.body(self.scenarios, some, f"\n\n{whole}\n"), whole)
        self.assertIn("**it ended badly**", whole)

    def test_what_is_measured_anew_is_told_instead(self) -> None:
        whole = report.body(self.scenarios, self.whole)
        anew = report.body(self.scenarios, {"first": self.result(7)}, whole)
        self.assertEqual(anew, whole.replace("| 5 |", "| 7 |").replace("| 5 ms |", "| 7 ms |"))

    def test_what_was_never_measured_is_named(self) -> None:
        text = report.body(self.scenarios, {"third": self.result(3)}, report.body(self.scenarios, {"first": self.result(1)}))
        self.assertIn("Not measured yet: `first-again`.", text)
        self.assertEqual(text.count("\n## Title of"), 2)


class Compare(unittest.TestCase):
    def ratios(self, base: list[float], head: list[float]) -> list[compare.Ratio]:
        values = {Path("base"): iter(base), Path("head"): iter(head)}
        with contextlib.redirect_stderr(io.StringIO()):
            return compare.compare({"time": lambda programs: next(values[programs])}, Path("base"), Path("head"), len(base))

    def test_what_takes_longer_in_all_rounds_is_slower(self) -> None:
        (ratio,) = self.ratios([1.0, 2.0, 1.0, 1.0, 1.5], [1.2, 2.4, 1.2, 1.2, 1.8])
        self.assertAlmostEqual(ratio.median, 1.2)
        self.assertTrue(ratio.is_slower(0.1))
        self.assertIn("**slower**", compare.told([ratio], "main", 0.1))

    def test_noise_and_what_is_quicker_are_not_slower(self) -> None:
        for head in ([1.0, 1.3, 0.9, 1.05, 1.0], [0.5] * 5, [1.0, 1.0, 1.5, 1.5, 1.5]):
            (ratio,) = self.ratios([1.0] * 5, head)
            self.assertFalse(ratio.is_slower(0.1), head)

    def test_the_other_version_is_first_in_each_second_round(self) -> None:
        asked = []

        def measure(programs: Path) -> float:
            asked.append(programs.name)
            return 1.0

        with contextlib.redirect_stderr(io.StringIO()):
            compare.compare({"time": measure}, Path("base"), Path("head"), 2)
        self.assertEqual(asked, ["base", "head", "head", "base"])

    def test_a_revision_that_there_is_not_is_refused(self) -> None:
        with self.assertRaisesRegex(SystemExit, "there is no revision --nobody"):
            compare.build("--nobody", Path("/nowhere"))


class Budget(unittest.TestCase):
    METRICS = """
kinemotion_frame_latency_seconds_bucket{stage="decode",le="0.01"} 50
kinemotion_frame_latency_seconds_bucket{stage="decode",le="0.02"} 100
kinemotion_frame_latency_seconds_bucket{stage="decode",le="+Inf"} 100
kinemotion_frame_latency_seconds_sum{stage="decode"} 1
kinemotion_frame_latency_seconds_count{stage="decode"} 100
"""

    def test_quantiles_are_taken_from_buckets(self) -> None:
        count, mean, buckets = budget.histograms(self.METRICS)["decode"]
        self.assertEqual((count, mean), (100, 10))
        self.assertAlmostEqual(budget.ms(buckets, 0.5), 10)
        self.assertAlmostEqual(budget.ms(buckets, 0.95), 19)
        self.assertIsNone(budget.ms([(0.01, 0.0), (float("inf"), 10.0)], 0.95))
        self.assertIsNone(budget.ms([(0.01, 0.0), (float("inf"), 0.0)], 0.95))

    def test_a_stage_beyond_its_budget_is_told(self) -> None:
        def verdicts(**decode: float | None) -> list[bool | None]:
            stages = {name: {"n": 9, "mean_ms": 1, "p50_ms": 1, "p95_ms": 1} for name in budget.BUDGET_MS}
            stages["decode"] |= decode
            return [goal.reached for goal in budget.goals({"stages": stages, "sessions": 1, "latency_ms": {"p95": 1}})]

        self.assertEqual(verdicts(), [True] * 5)
        self.assertEqual(verdicts(p95_ms=14.0), [False, *[True] * 4])
        self.assertEqual(verdicts(p95_ms=None), [False, *[True] * 4])
        self.assertEqual(verdicts(p95_ms=None, n=0), [None, *[True] * 4])


class Capacity(unittest.TestCase):
    def test_the_table_says_what_the_measurements_say(self) -> None:
        text = capacity.told(capacity.read((DOCS / "performance.md").read_text()))
        document = (DOCS / "operations" / "scaling.md").read_text()
        self.assertEqual(report.within(document, capacity.AUTHOR, text), document, "run `make capacity`")

    def test_a_measurement_that_is_missing_is_named(self) -> None:
        with self.assertRaisesRegex(LookupError, "there is no section `Where and when`"):
            capacity.read("# Nothing\n")

    def test_who_gets_what_is_promised_is_decided_by_rate_latency_frames_and_failures(self) -> None:
        good = {"model": "fast", "sessions": 5, "worst_per_s": 29, "p95_ms": 50, "kept": 0.99, "degraded": 0, "failed": 0, "cores": 1}
        self.assertTrue(capacity.Load(**good).is_full and capacity.Load(**good).is_promised)
        for change in ({"worst_per_s": 9.9}, {"p95_ms": 200}, {"failed": 1}):
            load = capacity.Load(**(good | change))
            self.assertFalse(load.is_full or load.is_promised, change)
        self.assertFalse(capacity.Load(**(good | {"kept": 0.89})).is_promised)

    def test_a_price_is_for_processors_and_their_memory(self) -> None:
        self.assertAlmostEqual(cost.Prices(0.04, 0.005, 2, "USD").of(10), 0.5)


if __name__ == "__main__":
    unittest.main()
