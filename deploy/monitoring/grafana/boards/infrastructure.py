"""What runs where, since when, and how full is it? In expressions `@` are the daemons that were chosen above the dashboard."""

from panels import CPU, EVERY, MEMORY, Dashboard, Panel, Row, chart, stat

NODE = '{job="node"}'
INFRASTRUCTURE = Dashboard(
    "infrastructure",
    "kinemotion-infrastructure",
    "Kinemotion: infrastructure",
    (
        Row(
            "Daemons",
            (
                stat(
                    "Restarts, 24 h",
                    "How often the processes have started again.",
                    "none",
                    "sum(changes(process_start_time_seconds{@}[24h]))",
                    limits=((3, "red"),),
                ),
                stat(
                    "Youngest process",
                    "Time since the start of the one that started last.",
                    "s",
                    "min(time() - process_start_time_seconds{@})",
                ),
                stat(
                    "Replicas",
                    "Daemons of the cluster that see each other; only in a cluster.",
                    "none",
                    "min(kinemotion_replicas{@})",
                    limits=((1, "red"),),
                    floor=True,
                ),
                stat(
                    "Redis",
                    "1 while every daemon of the cluster reaches Redis; only in a cluster.",
                    "none",
                    "min(kinemotion_redis_up{@})",
                    limits=((1, "red"),),
                    floor=True,
                ),
                stat(
                    "Versions",
                    "Different builds that run now; 2 is a rollout under way.",
                    "none",
                    "count(count by (version, commit) (kinemotion_build_info{@}))",
                    limits=((3, "red"),),
                ),
                stat(
                    "Providers",
                    "Different execution providers that run networks now.",
                    "none",
                    "count(count by (provider) (kinemotion_inference_provider{@} == 1))",
                    limits=((2, "orange"),),
                ),
                Panel(
                    "Deployments",
                    "Which build each daemon runs, over time.",
                    "none",
                    (("sum by (instance, version, commit) (kinemotion_build_info{@})", "{{instance}}: {{version}} {{commit}}"),),
                    kind="state-timeline",
                    size=(12, 8),
                ),
                Panel(
                    "Scaling",
                    "Daemons that answer; in a cluster, how many see each other.",
                    "none",
                    (("sum(up{@})", "answer"), ("min(kinemotion_replicas{@})", "see each other")),
                    size=(12, 8),
                ),
            ),
        ),
        Row(
            "Processes",
            (
                chart("Processors of the process", "100 % is one processor.", "percent", ("cpu_usage_percent{@}", "{{instance}}")),
                chart(
                    "Memory of the process",
                    "Resident memory, and what it may have.",
                    "bytes",
                    ("process_resident_memory_bytes{@}", "{{instance}}"),
                    ("kinemotion_memory_limit_bytes{@}", "{{instance}}: limit"),
                ),
                chart(
                    "File descriptors",
                    "Share of those it may have open.",
                    "percentunit",
                    ("process_open_fds{@} / process_max_fds{@}", "{{instance}}"),
                    limits=MEMORY,
                ),
                chart("Threads", "Threads of the process.", "none", ("process_threads{@}", "{{instance}}")),
                chart(
                    "Processors",
                    "Those there are, those busy whoever uses them, those that run networks.",
                    "none",
                    ("sum by (which) (kinemotion_processors{@})", "{{which}}"),
                ),
                chart(
                    "Execution providers",
                    "Daemons by what runs their networks.",
                    "none",
                    ("sum by (provider) (kinemotion_inference_provider{@}) > 0", "{{provider}}"),
                    stacked=True,
                ),
            ),
        ),
        Row(
            "Machines",
            (
                chart(
                    "Busy",
                    "Share of all processors of a machine. Promised: below 80 %.",
                    "percentunit",
                    (f'1 - avg by (instance) (rate(node_cpu_seconds_total{{job="node",mode="idle"}}{EVERY}))', "{{instance}}"),
                    limits=CPU,
                ),
                chart(
                    "Memory of machines",
                    "Share that is not available. Promised: below 85 %.",
                    "percentunit",
                    (f"1 - node_memory_MemAvailable_bytes{NODE} / node_memory_MemTotal_bytes{NODE}", "{{instance}}"),
                    limits=MEMORY,
                ),
                chart(
                    "Disks",
                    "Share that is left.",
                    "percentunit",
                    (
                        'node_filesystem_avail_bytes{job="node",fstype!~"tmpfs|ramfs|squashfs"} / node_filesystem_size_bytes',
                        "{{instance}} {{mountpoint}}",
                    ),
                    limits=((0.1, "red"),),
                    floor=True,
                ),
                chart("Load", "Processes that run or want to, in a minute.", "none", (f"node_load1{NODE}", "{{instance}}")),
                chart(
                    "Network in",
                    "Bytes a second, but for the loopback.",
                    "Bps",
                    (f'sum by (instance) (rate(node_network_receive_bytes_total{{job="node",device!="lo"}}{EVERY}))', "{{instance}}"),
                ),
                chart(
                    "Network out",
                    "Bytes a second, but for the loopback.",
                    "Bps",
                    (f'sum by (instance) (rate(node_network_transmit_bytes_total{{job="node",device!="lo"}}{EVERY}))', "{{instance}}"),
                ),
            ),
        ),
    ),
)
