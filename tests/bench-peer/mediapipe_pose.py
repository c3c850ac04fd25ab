"""The peer's share of the benchmark: decode a clip and run MediaPipe Solutions Pose over it, as its documentation shows.

    python mediapipe_pose.py CLIP COMPLEXITY
"""

import sys

import cv2
import mediapipe


def main():
    clip, complexity = sys.argv[1], int(sys.argv[2])
    capture = cv2.VideoCapture(clip)
    frames = found = 0
    with mediapipe.solutions.pose.Pose(model_complexity=complexity) as pose:
        while True:
            ok, bgr = capture.read()
            if not ok:
                break
            frames += 1
            found += pose.process(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)).pose_landmarks is not None
    print(f"{frames} frames, {found} with a pose")


if __name__ == "__main__":
    main()
