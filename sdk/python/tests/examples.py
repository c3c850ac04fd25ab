"""Answers as the daemon gives them."""

from __future__ import annotations

import json
from typing import Any

ID = "0199d4c0-7f00-7000-8000-000000000001"
PATH = f"/api/v1/analyses/{ID}"


def repetition(height: float | None = 0.31, **changes: Any) -> dict[str, Any]:
    return {
        "movement": "cmj",
        "person": 0,
        "start_s": 1.0,
        "end_s": 3.2,
        "phases": [{"name": "flight", "start_s": 2.1, "end_s": 2.6}],
        "events": {"takeoff_s": 2.1, "landing_s": 2.6},
        "metrics": {"jump_height_m": height, "flight_time_ms": 503.0, "peak_power_w": None},
        "uncertainty": {"jump_height_m": 0.01, "flight_time_ms": 8.0, "peak_power_w": None},
        "methods": {"jump_height_m": "flight_time", "flight_time_ms": "foot_ballistics", "peak_power_w": "none"},
        "warnings": ["peak_power_w is withheld: the body mass is not known"],
        "quality": {"grade": "A", "reasons": [], "degraded": False},
        **changes,
    }


def analysis(status: str = "running", *results: dict[str, Any], **changes: Any) -> dict[str, Any]:
    state = {"queued": "waiting", "running": "live", "completed": "done", "failed": "failed"}[status]
    return {
        "analysis_id": ID,
        "status": status,
        "state": state,
        "reason": None,
        "sport_type": "cmj",
        "created_at": "2026-11-25T18:00:00.000Z",
        "repetitions": len(results),
        "quality": "balanced",
        "athlete": {"height_m": 1.8, "mass_kg": None},
        "camera": {"roll_deg": None, "yaw_deg": None},
        "box_height_m": None,
        "source": {"kind": "demo", "width": 1280, "height": 720, "fps": 30.0},
        "counts": {"frames": 90, "poses": 90, "predicted": 0, "dropped": 0},
        "latency": {"p50_ms": 24.0, "p95_ms": 41, "max_ms": 60.5},
        "viewers": 0,
        "outputs": [],
        "next_sequence": 12,
        "results": list(results),
        "stream_url": f"http://127.0.0.1{PATH}/stream",
        "a_member_of_a_newer_version": 1,
        **changes,
    }


def event(sequence: int, kind: str, data: dict[str, Any], **more: Any) -> str:
    envelope = {"type": kind, "analysis_id": ID, "timestamp_ms": sequence * 33.0, "sequence": sequence, "data": data}
    return json.dumps({**envelope, **more})


def state(sequence: int, name: str) -> str:
    return event(sequence, "state", {"state": name, "reason": None})


def update(sequence: int, key: str, value: float, **more: Any) -> str:
    return event(sequence, "metric_update", {"movement": "cmj", "key": key, "value": value, "person": 0}, **more)


def sse(*texts: str) -> bytes:
    return b"".join(f"id: {json.loads(text)['sequence']}\ndata: {text}\n\n".encode() for text in texts)


def ndjson(*texts: str) -> bytes:
    return b"".join(text.encode() + b"\n" for text in texts)
