"""Is what is promised kept, and do people notice? In expressions `@` are the daemons that were chosen above the dashboard."""

from panels import AVAILABLE, CPU, ERRORS, EVERY, LATENCY, MEMORY, STAT, Dashboard, Panel, Row, chart, quantiles, rate, stat

FAILED = "sum(rate(analyses_failed_total{@}[5m])) / (sum(rate(analyses_total{@}[5m])) > 0) or vector(0)"
SYSTEM_HEALTH = Dashboard(
    "system-health",
    "realtime-health",
    "Kinemotion: system health",
    (
        Row(
            "What is promised",
            (
                stat(
                    "Availability, 1 h",
                    "Share of the last hour in which a daemon answered and took new work. Promised: above 99 %.",
                    "percentunit",
                    '1 - job:kinemotion_unavailable:ratio_avg1h{job=~"$job"}',
                    limits=AVAILABLE,
                    floor=True,
                ),
                stat(
                    "P95 frame latency",
                    "From arrival of a frame to its event, of 95 % of the frames of 5 min. Promised: below 200 ms.",
                    "s",
                    'job:kinemotion_frame_latency_seconds:p95_rate5m{job=~"$job"}',
                    limits=LATENCY,
                ),
                stat(
                    "Error rate",
                    "Share of the analyses that ended within 5 min and failed. Promised: below 1 %.",
                    "percentunit",
                    FAILED,
                    limits=ERRORS,
                ),
                stat(
                    "CPU",
                    "Busy processors of the machine that is busiest. Promised: below 80 %.",
                    "percentunit",
                    "max(instance:kinemotion_cpu_busy:ratio{@})",
                    limits=CPU,
                ),
                stat(
                    "Memory",
                    "Memory of the daemon that is nearest to its limit. Promised: below 85 %.",
                    "percentunit",
                    "max(instance:kinemotion_memory_used:ratio{@})",
                    limits=MEMORY,
                ),
                stat(
                    "Alerts",
                    "Alerts that fire now; docs/operations/alerts.md explains each.",
                    "none",
                    'count(ALERTS{alertstate="firing"}) or vector(0)',
                    limits=((1, "red"),),
                ),
                stat(
                    "Daemons that answer",
                    "Targets of the job that Prometheus reaches.",
                    "none",
                    "sum(up{@})",
                    limits=((1, "red"),),
                    floor=True,
                ),
                stat(
                    "Ready", "Daemons that would take a new analysis.", "none", "sum(kinemotion_ready{@})", limits=((1, "red"),), floor=True
                ),
                Panel(
                    "Active connections",
                    "Clients that read events.",
                    "none",
                    (("sum(kinemotion_stream_readers{@})", ""),),
                    kind="gauge",
                    size=STAT,
                ),
                stat("Requests", "Requests a second.", "reqps", f"sum(rate(kinemotion_http_requests_total{{@}}{EVERY}))"),
                stat(
                    "Requests that fail",
                    "Share of the requests answered with 5xx, but for 503: no place is no fault.",
                    "percentunit",
                    f'sum(rate(kinemotion_http_requests_total{{@,status=~"5..",status!="503"}}{EVERY})) / sum(rate(kinemotion_http_requests_total{{@}}{EVERY})) or vector(0)',
                    limits=ERRORS,
                ),
                stat(
                    "Places left",
                    "Live analyses that could start now.",
                    "none",
                    "sum(kinemotion_analyses_places_left{@})",
                    limits=((1, "red"),),
                    floor=True,
                ),
            ),
        ),
        Row(
            "Over time",
            (
                chart(
                    "Burn of the error budgets",
                    "How many times faster than 30 days allow the budget goes, over 1 h. Somebody is woken at 14.4, and at 6 for 6 h.",
                    "none",
                    ('job:kinemotion_slow_frames:ratio_rate1h{job=~"$job"} / 0.05', "latency"),
                    ('job:kinemotion_failed_analyses:ratio_rate1h{job=~"$job"} / 0.01', "errors"),
                    ('job:kinemotion_unavailable:ratio_avg1h{job=~"$job"} / 0.01', "availability"),
                    limits=((1, "orange"), (14.4, "red")),
                ),
                chart(
                    "Frame latency",
                    "From arrival of a frame to its event. Promised: p95 below 200 ms.",
                    "s",
                    *quantiles("kinemotion_frame_latency_seconds", 0.5, 0.95, 0.99, matcher='@,stage="end_to_end"'),
                    limits=LATENCY,
                ),
                chart(
                    "Analyses that fail",
                    "Failures a second.",
                    "ops",
                    ("sum by (instance) (rate(analyses_failed_total{@}[5m]))", "{{instance}}"),
                ),
                chart(
                    "Requests by status",
                    "Requests a second by the code of their answer.",
                    "reqps",
                    (rate("kinemotion_http_requests_total", "status"), "{{status}}"),
                    stacked=True,
                ),
                chart(
                    "Time until an answer",
                    "Requests of the API, until their answer begins.",
                    "s",
                    *quantiles("kinemotion_http_request_duration_seconds", 0.5, 0.95, 0.99),
                ),
                chart(
                    "Connections by transport",
                    "Clients that read events.",
                    "none",
                    ("sum by (transport) (kinemotion_stream_readers{@})", "{{transport}}"),
                    stacked=True,
                ),
                chart(
                    "Busy processors",
                    "Share of the processors of each machine, whoever uses them. Promised: below 80 %.",
                    "percentunit",
                    ("instance:kinemotion_cpu_busy:ratio{@}", "{{instance}}"),
                    limits=CPU,
                ),
                chart(
                    "Used memory",
                    "Share of what each daemon may have. Promised: below 85 %.",
                    "percentunit",
                    ("instance:kinemotion_memory_used:ratio{@}", "{{instance}}"),
                    limits=MEMORY,
                ),
                chart(
                    "Events that slow readers missed",
                    "Events that were gone before a reader came for them, a second.",
                    "ops",
                    (rate("kinemotion_stream_dropped_total", "instance"), "{{instance}}"),
                ),
            ),
        ),
    ),
)
