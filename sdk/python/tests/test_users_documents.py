"""The examples of the users' documents, nearly word for word.

What differs: the name of the class, which has a slip there; the address; `metrics.timestamp_ms` where they have
`metrics['frame_number']`, because events carry media time; `client.wait` beside the loop that polls.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from . import examples, fake
from .examples import PATH, sse, state, update
from .fake import Answer


class UsersDocuments(unittest.TestCase):
    def setUp(self) -> None:
        running = fake.running()
        self.server = running.__enter__()
        self.addCleanup(running.__exit__, None, None, None)
        done = examples.analysis("completed", examples.repetition(0.314))
        self.server.on("POST /api/v1/analyses", Answer(202, examples.analysis("queued")))
        self.server.on(f"GET {PATH}", Answer(body=examples.analysis("running")), Answer(body=done))
        self.said = io.StringIO()
        redirected = contextlib.redirect_stdout(self.said)
        redirected.__enter__()
        self.addCleanup(redirected.__exit__, None, None, None)

    def test_batch_analysis(self) -> None:
        from kinemotion import KinemotionClient

        # Initialize client
        client = KinemotionClient(api_key="sk_live_...", base_url=self.server.url)

        # Batch analysis
        analysis = client.create_analysis(
            video_path="s3://my-bucket/athlete.mp4",
            sport_type="cmj",
            quality="balanced",
            webhook_url="https://myapp.com/webhooks/cmj",
        )

        with mock.patch("time.sleep"):
            # Poll for completion
            while True:
                status = client.get_analysis(analysis.analysis_id)
                if status.status == "completed":
                    print(f"Jump height: {status.metrics['jump_height']:.3f}m")
                    break
                time.sleep(1)
        client.close()

        self.assertEqual(self.said.getvalue(), "Jump height: 0.314m\n")
        self.assertEqual(self.server.asked[0].json()["webhook_url"], "https://myapp.com/webhooks/cmj")

    def test_real_time_streaming(self) -> None:
        from kinemotion import KinemotionClient

        video = self.uploaded_video()
        events = [update(0, "flight_time_ms", 503.0), update(1, "jump_height_m", 0.31), state(2, "done")]
        self.server.on(f"GET {PATH}/stream", Answer(parts=[sse(*events)]))
        client = KinemotionClient(api_key="sk_live_...", base_url=self.server.url)

        async def main() -> None:
            # Real-time streaming
            async def on_metric_update(metrics):  # type: ignore[no-untyped-def]
                print(f"Live: {metrics['jump_height']:.3f}m at {metrics.timestamp_ms:.0f} ms")

            async with client.stream_analysis(
                video_path=video, sport_type="cmj", on_update=on_metric_update
            ) as stream:
                results = await stream.wait()
            print(results.status)

        self.server.on(f"GET {PATH}", Answer(body=examples.analysis("completed")))
        asyncio.run(main())
        client.close()
        self.assertEqual(self.said.getvalue(), "Live: 0.310m at 33 ms\ncompleted\n")

    def uploaded_video(self) -> str:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        video = Path(folder.name) / "video.mp4"
        video.write_bytes(b"mp4")
        self.server.on("POST /api/v1/uploads", Answer(201, None, {"location": "/api/v1/uploads/u1"}))
        self.server.on("PATCH /api/v1/uploads/u1", Answer(204, None, {"upload-offset": "3"}))
        return str(video)

    def test_team_dashboard(self) -> None:
        from kinemotion import AsyncKinemotionClient

        async def main() -> None:
            async with AsyncKinemotionClient(base_url=self.server.url) as kinemotion_client:
                tasks = [
                    kinemotion_client.create_analysis(
                        video_path=f"s3://team-videos/{member}.mp4",
                        sport_type="cmj",
                        webhook_url=f"https://myapp.com/webhooks/cmj/{member}",
                    )
                    for member in range(5)
                ]
                analyses = await asyncio.gather(*tasks)
            self.assertEqual(len(analyses), 5)

        asyncio.run(main())
        asked = {one.json()["input"]["video_path"] for one in self.server.asked}
        self.assertEqual(asked, {f"s3://team-videos/{member}.mp4" for member in range(5)})


if __name__ == "__main__":
    unittest.main()
