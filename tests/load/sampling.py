"""What a process uses, from /proc, second by second."""

import os
import threading
import time
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def look(pid):
    """Resident memory (MB of 10^6 bytes), threads, open descriptors and processor time (seconds) of a process now."""
    folder = Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    if "VmRSS" not in status:
        raise ProcessLookupError(f"process {pid} is over")  # and nobody has waited for it yet
    # proc(5): fields 14 and 15 are time in user and kernel mode; the second is a name in brackets that may hold spaces.
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    return {
        "rss_mb": int(status["VmRSS"].split()[0]) * 1024 / 1e6,
        "threads": int(status["Threads"]),
        "descriptors": len(os.listdir(folder / "fd")),
        "cpu_s": (int(fields[11]) + int(fields[12])) / TICKS_PER_S,
    }


class Sampler:
    """Looks at a process every second while it is entered. `samples` are in the order of their `at_s` (monotonic)."""

    def __init__(self, pid, every_s=1.0):
        self.pid, self.every_s = pid, every_s
        self.samples = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while True:
            try:
                self.samples.append({"at_s": time.monotonic(), **look(self.pid)})
            except (FileNotFoundError, ProcessLookupError):
                return  # the process is gone: whoever started it says why
            if self.over.wait(self.every_s):
                return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def between(self, begin_s, end_s):
        return [sample for sample in self.samples if begin_s <= sample["at_s"] <= end_s]


def cores(samples):
    """Processors in use on average; None of fewer than two samples."""
    if len(samples) < 2:
        return None
    first, last = samples[0], samples[-1]
    return (last["cpu_s"] - first["cpu_s"]) / (last["at_s"] - first["at_s"])


def middle(samples, what):
    """Median of one figure; None of nothing."""
    values = sorted(sample[what] for sample in samples)
    return values[len(values) // 2] if values else None


def slope(points):
    """Change of y per unit of x by least squares; None of fewer than two different x."""
    points = [(x, y) for x, y in points if y is not None]
    if len({x for x, _ in points}) < 2:
        return None
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    covariance = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return covariance / sum((x - mean_x) ** 2 for x, _ in points)


def per_minute(samples, what):
    """Growth of one figure per minute by least squares; None of fewer than two samples."""
    return slope([(sample["at_s"] / 60, sample[what]) for sample in samples])
