"""What is measured, how fast, and who is turned away? In expressions `@` are the daemons that were chosen above the dashboard."""

from panels import EVERY, LATENCY, STAT, Dashboard, Panel, Row, chart, quantiles, rate, stat

ANALYSIS = Dashboard(
    "analysis",
    "kinemotion-analysis",
    "Kinemotion: analyses",
    (
        Row(
            "Now",
            (
                stat("Live", "Analyses that measure now.", "none", 'sum(kinemotion_analyses{@,state="live"})'),
                Panel(
                    "Completed, 1 h",
                    "Share of the analyses that ended within the hour and have not failed.",
                    "percentunit",
                    (("1 - sum(increase(analyses_failed_total{@}[1h])) / (sum(increase(analyses_total{@}[1h])) > 0) or vector(1)", ""),),
                    kind="gauge",
                    size=STAT,
                    limits=((0.99, "red"),),
                    floor=True,
                ),
                stat(
                    "Step of the ladder",
                    "How much less live analyses get: 0 nothing, 1 fewer poses, 2 no model above balanced, 3 the lightest model, 4 no overlay.",
                    "none",
                    "max(kinemotion_load_step{@})",
                    limits=((1, "orange"), (3, "red")),
                ),
                stat(
                    "Degraded",
                    "Live analyses that get less than they asked for.",
                    "none",
                    "sum(kinemotion_analyses_degraded{@})",
                    limits=((1, "orange"),),
                ),
                stat("Files waiting", "Files that wait for a worker.", "none", 'max(kinemotion_queue_files{@,state="waiting"})'),
                stat(
                    "Oldest file",
                    "How long the file has waited that waits longest.",
                    "s",
                    "max(kinemotion_queue_oldest_seconds{@})",
                    limits=((1800, "red"),),
                ),
            ),
        ),
        Row(
            "Movements",
            (
                Panel(
                    "Repetitions by movement",
                    "What was measured in the time shown.",
                    "none",
                    (("sum by (movement) (increase(kinemotion_repetitions_total{@}[$__range])) > 0", "{{movement}}"),),
                    kind="piechart",
                ),
                Panel(
                    "Poses by movement",
                    "What people seemed to do in the time shown, live and in files.",
                    "none",
                    (("sum by (movement) (increase(kinemotion_poses_total{@}[$__range])) > 0", "{{movement}}"),),
                    kind="piechart",
                ),
                Panel(
                    "Analyses by source",
                    "Where analyses came from in the time shown.",
                    "none",
                    (("sum by (source) (increase(kinemotion_analyses_started_total{@}[$__range]))", "{{source}}"),),
                    kind="piechart",
                ),
            ),
        ),
        Row(
            "Analyses",
            (
                chart(
                    "Analyses by state",
                    "Those that are remembered.",
                    "none",
                    ("sum by (state) (kinemotion_analyses{@})", "{{state}}"),
                    stacked=True,
                ),
                chart("Ends", "Analyses that end, a second.", "ops", (rate("kinemotion_analyses_ended_total", "state"), "{{state}}")),
                chart(
                    "Refusals",
                    "Analyses that are refused for lack of places, a second, by reason.",
                    "ops",
                    (rate("kinemotion_analyses_refused_total", "reason"), "{{reason}}"),
                ),
                chart(
                    "Answer to a publisher",
                    "From the request to publish until its answer.",
                    "s",
                    *quantiles("kinemotion_publish_duration_seconds", 0.5, 0.95),
                ),
                chart(
                    "First pose",
                    "From the request to publish or to open a source until the first pose is announced.",
                    "s",
                    *quantiles("kinemotion_first_pose_duration_seconds", 0.5, 0.95),
                ),
                chart(
                    "Decoders",
                    "Running analyses by what decodes them.",
                    "none",
                    ("sum by (decoder, hardware) (kinemotion_decoders{@})", "{{decoder}}, hardware: {{hardware}}"),
                    stacked=True,
                ),
            ),
        ),
        Row(
            "Frames",
            (
                chart(
                    "P95 of every stage",
                    "What 95 % of the frames take at most; the stages are explained in docs/operations/metrics.md.",
                    "s",
                    (
                        f"histogram_quantile(0.95, sum by (stage, le) (rate(kinemotion_frame_latency_seconds_bucket{{@}}{EVERY})))",
                        "{{stage}}",
                    ),
                    limits=LATENCY,
                ),
                chart(
                    "Average of every stage",
                    "What a frame takes on average.",
                    "s",
                    (
                        f"sum by (stage) (rate(kinemotion_frame_latency_seconds_sum{{@}}{EVERY})) / sum by (stage) (rate(kinemotion_frame_latency_seconds_count{{@}}{EVERY}))",
                        "{{stage}}",
                    ),
                ),
                chart(
                    "Poses",
                    "Poses a second: measured, or predicted where there was no time to measure.",
                    "ops",
                    (rate("kinemotion_poses_total", "kind"), "{{kind}}"),
                    stacked=True,
                ),
                chart(
                    "Frames dropped",
                    "Frames a second that never came to the analysis, by reason.",
                    "ops",
                    (rate("kinemotion_frames_dropped_total", "reason"), "{{reason}}"),
                ),
                chart(
                    "Degradations",
                    "Steps of the ladder that were taken, by step, within five minutes.",
                    "none",
                    ("sum by (step) (increase(kinemotion_degradations_total{@}[5m]))", "{{step}}"),
                ),
                chart(
                    "Inference",
                    "Share of their time that inference workers are busy.",
                    "percentunit",
                    ("kinemotion_inference_busy_ratio{@}", "{{instance}}"),
                ),
            ),
        ),
        Row(
            "Files and webhooks",
            (
                chart(
                    "Queue",
                    "Files that wait for a worker or have one.",
                    "none",
                    ("max by (state) (kinemotion_queue_files{@})", "{{state}}"),
                ),
                chart(
                    "Deliveries",
                    "Attempts to deliver to webhooks, a second, by outcome.",
                    "ops",
                    (rate("kinemotion_webhook_deliveries_total", "outcome"), "{{outcome}}"),
                ),
                chart(
                    "Delay of webhooks",
                    "From an event that was stored until a receiver has taken it.",
                    "s",
                    *quantiles("kinemotion_webhook_delay_seconds", 0.5, 0.95),
                ),
                chart(
                    "Deliveries that wait",
                    "Those to be tried again included.",
                    "none",
                    ("max by (job) (kinemotion_webhook_waiting{@})", "{{job}}"),
                    limits=((100, "red"),),
                ),
                chart("Events", "Events taken in, a second, by type.", "ops", (rate("kinemotion_events_total", "type"), "{{type}}")),
                chart(
                    "Events left out",
                    "Poses and interim events a second that were left out because too much waited to be stored.",
                    "ops",
                    (rate("kinemotion_events_left_out_total", "instance"), "{{instance}}"),
                    limits=((1, "red"),),
                ),
            ),
        ),
    ),
)
