"""Can the numbers be trusted, and if not, why? In expressions `@` are the daemons that were chosen above the dashboard."""

from panels import ERRORS, Dashboard, Panel, Row, chart, quantiles, rate, stat

GRADES = "kinemotion_repetition_grades_total"
POSES, DROPPED = rate("kinemotion_poses_total", "instance"), rate("kinemotion_frames_dropped_total", "instance")
PREDICTED = rate("kinemotion_poses_total", "instance", matcher='@,kind="predicted"')
DATA_QUALITY = Dashboard(
    "data-quality",
    "kinemotion-data-quality",
    "Kinemotion: data quality",
    (
        Row(
            "In the time shown",
            (
                stat("Measured", "Repetitions.", "none", "sum(increase(kinemotion_repetitions_total{@}[$__range]))"),
                stat(
                    "Grade A or B",
                    "Share of the repetitions.",
                    "percentunit",
                    f'sum(increase({GRADES}{{@,grade=~"A|B"}}[$__range])) / (sum(increase({GRADES}{{@}}[$__range])) > 0) or vector(0)',
                ),
                stat(
                    "Grade F",
                    "Share of the repetitions that cannot be trusted.",
                    "percentunit",
                    f'sum(increase({GRADES}{{@,grade="F"}}[$__range])) / (sum(increase({GRADES}{{@}}[$__range])) > 0) or vector(0)',
                    limits=((0.5, "red"),),
                ),
                stat(
                    "Measured poses",
                    "Share of the poses that were measured and not predicted.",
                    "percentunit",
                    'sum(increase(kinemotion_poses_total{@,kind="measured"}[$__range])) / sum(increase(kinemotion_poses_total{@}[$__range]))',
                ),
                stat(
                    "Warnings per repetition",
                    "How often something was found that makes numbers worse.",
                    "none",
                    "sum(increase(kinemotion_warnings_total{@}[$__range])) / (sum(increase(kinemotion_repetitions_total{@}[$__range])) > 0) or vector(0)",
                ),
                stat(
                    "Analyses that failed",
                    "Share of those that ended.",
                    "percentunit",
                    "sum(increase(analyses_failed_total{@}[$__range])) / (sum(increase(analyses_total{@}[$__range])) > 0) or vector(0)",
                    limits=ERRORS,
                ),
            ),
        ),
        Row(
            "Repetitions",
            (
                chart(
                    "Grades",
                    "Repetitions within five minutes by how far their numbers can be trusted.",
                    "none",
                    (f"sum by (grade) (increase({GRADES}{{@}}[5m]))", "{{grade}}"),
                    stacked=True,
                ),
                Panel(
                    "Grades by movement",
                    "Repetitions in the time shown.",
                    "none",
                    ((f"sum by (movement, grade) (increase({GRADES}{{@}}[$__range])) > 0", "{{movement}} {{grade}}"),),
                    kind="bargauge",
                ),
                chart(
                    "Repetitions over time",
                    "Repetitions within five minutes by movement.",
                    "none",
                    ("sum by (movement) (increase(kinemotion_repetitions_total{@}[5m]))", "{{movement}}"),
                    stacked=True,
                ),
            ),
        ),
        Row(
            "Why they are not better",
            (
                chart(
                    "Warnings",
                    "Warnings within five minutes by what was found.",
                    "none",
                    ("sum by (code) (increase(kinemotion_warnings_total{@}[5m]))", "{{code}}"),
                ),
                chart(
                    "Predicted poses",
                    "Share of the poses for which there was no time to measure.",
                    "percentunit",
                    (f"{PREDICTED} / {POSES}", "{{instance}}"),
                ),
                chart(
                    "Frames that never came",
                    "Share of the frames of live analyses that were dropped before.",
                    "percentunit",
                    (f"{DROPPED} / ({DROPPED} + {POSES})", "{{instance}}"),
                    limits=((0.05, "red"),),
                ),
                chart(
                    "Poses of nobody's movement",
                    "Poses a second of people who do no movement that is known.",
                    "ops",
                    (rate("kinemotion_poses_total", "instance", matcher='@,movement="none"'), "{{instance}}"),
                ),
                chart(
                    "Inference time",
                    "What networks take for a frame, waiting for a worker included.",
                    "s",
                    *quantiles("kinemotion_frame_latency_seconds", 0.5, 0.95, matcher='@,stage="inference"'),
                ),
                chart(
                    "Analysis time",
                    "From the pose to phases, numbers and repetitions.",
                    "s",
                    *quantiles("kinemotion_frame_latency_seconds", 0.5, 0.95, matcher='@,stage="analysis"'),
                ),
            ),
        ),
    ),
)
