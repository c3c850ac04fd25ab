"""Measures kinemotion, MediaPipe Pose and the Python kinemotion tool side by side; see README.md.

    python3 bench.py --kinemotion target/release/kinemotion --athlete target/release/synthetic-athlete --cache DIR
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts"))
from environments import environment  # noqa: E402

LOCK = tomllib.loads((HERE.parents[1] / "models" / "models.lock").read_text())
QUALITIES = {"fast": (0, "lite", 0.45), "balanced": (1, "full", 0.50), "accurate": (2, "heavy", 0.65)}
FPS = 30
SHORT_REPETITIONS, LONG_REPETITIONS = 1, 6
ROUNDS = {"fast": 3, "balanced": 3, "accurate": 2}
WHOLE_FILE_GOAL = 3.0


class Run:
    """CPU seconds, wall seconds and peak resident MiB of one finished process."""

    def __init__(self, command, environment=None):
        with tempfile.TemporaryFile() as errors:
            start = time.monotonic()
            process = subprocess.Popen(
                [str(c) for c in command], stdout=subprocess.DEVNULL, stderr=errors, env=environment
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.wall = time.monotonic() - start
            if process.returncode != 0:
                errors.seek(0)
                tail = errors.read().decode(errors="replace").strip().splitlines()[-3:]
                raise SystemExit(f"{' '.join(map(str, command))} failed: {' / '.join(tail)}")
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss / 1024


def add_models(folder):
    """Puts the lite and heavy landmarkers, which MediaPipe's wheel lacks, beside the full one."""
    target = next(folder.glob("lib/python3*/site-packages/mediapipe/modules/pose_landmark"))
    names = [f"pose_landmark_{model}.tflite" for _, model, _ in QUALITIES.values()]
    if all((target / name).exists() for name in names):
        return
    package = LOCK["models"]
    with tempfile.TemporaryDirectory() as work:
        spec = f"{package['package']}@{package['version']}"
        subprocess.run(["npm", "pack", "--silent", spec], cwd=work, check=True, stdout=subprocess.DEVNULL)
        archive = next(Path(work).glob("*.tgz"))
        if hashlib.sha256(archive.read_bytes()).hexdigest() != package["sha256"]:
            raise SystemExit(f"{spec}: the downloaded package does not have the pinned hash")
        with tarfile.open(archive) as tar:
            for name in names:
                (target / name).write_bytes(tar.extractfile(f"package/{name}").read())


def render(athlete, cache, repetitions):
    """A rendered 854x480 clip of some jumps, and its number of frames."""
    clip = cache / "peer" / f"cmj-480p-{repetitions}.mp4"
    truth = clip.with_suffix(".json")
    if not clip.exists():
        part = clip.with_suffix(".part.mp4")
        command = [athlete, "cmj", "--repetitions", repetitions, "--fps", FPS, "--size", "854x480"]
        Run([*command, "--video", part, "--truth", truth])
        part.rename(clip)
    return clip, json.loads(truth.read_text())["frames"]


def per_frame(clips, commands, rounds):
    """Median CPU milliseconds per frame of each command; a command maps a clip to an argument list."""
    (short, short_frames), (long, long_frames) = clips
    samples = [[] for _ in commands]
    for _ in range(rounds):
        for sample, command in zip(samples, commands):
            extra = Run(command(long)).cpu - Run(command(short)).cpu
            sample.append(1e3 * extra / (long_frames - short_frames))
    return [statistics.median(s) for s in samples]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinemotion", type=Path, required=True)
    parser.add_argument("--athlete", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    options = parser.parse_args()
    peers = options.cache / "peer"
    mediapipe = environment(peers / "mediapipe", HERE / "mediapipe.txt")
    add_models(mediapipe)
    python_tool = environment(peers / "python-kinemotion", HERE / "python-kinemotion.txt")
    clips = [render(options.athlete, options.cache, n) for n in (SHORT_REPETITIONS, LONG_REPETITIONS)]

    def ours(quality):
        return lambda clip: [options.kinemotion, "analyze", clip, "--quality", quality, "--format", "json"]

    def theirs(complexity):
        script = HERE / "mediapipe_pose.py"
        return lambda clip: [mediapipe / "bin" / "python", script, clip, complexity]

    print("CPU per frame, decode to metrics, 854x480, one inference thread (ms)")
    print(f"{'quality':10} {'kinemotion':>10} {'MediaPipe':>10} {'ratio':>7} {'goal':>7}")
    for quality, (complexity, _, goal) in QUALITIES.items():
        a, b = per_frame(clips, [ours(quality), theirs(complexity)], ROUNDS[quality])
        print(f"{quality:10} {a:10.2f} {b:10.2f} {a / b:7.2f} {goal:7.2f}", flush=True)

    clip = clips[1][0]
    print("\nWhole file at fast (lite model on both sides), start-up included")
    print(f"{'program':20} {'wall s':>8} {'CPU s':>8} {'peak MiB':>9}")
    pairs = []
    for _ in range(3):
        pairs.append((Run(ours("fast")(clip)), Run([python_tool / "bin" / "kinemotion", "cmj-analyze", clip])))
    for name, runs in zip(("kinemotion", "Python kinemotion"), zip(*pairs)):
        wall, cpu, peak = (statistics.median(getattr(r, k) for r in runs) for k in ("wall", "cpu", "peak"))
        print(f"{name:20} {wall:8.2f} {cpu:8.2f} {peak:9.0f}")
    wall = statistics.median(b.wall / a.wall for a, b in pairs)
    cpu = statistics.median(b.cpu / a.cpu for a, b in pairs)
    print(f"faster by {wall:.1f}x in wall time, {cpu:.1f}x in CPU time (goal {WHOLE_FILE_GOAL:.0f}x)")


if __name__ == "__main__":
    main()
