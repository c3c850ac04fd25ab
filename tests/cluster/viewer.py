"""Watches an analysis by WHEP, as a browser does, until some pictures have come; then says goodbye.

    python3 viewer.py http://127.0.0.1:8080/whep/ANALYSIS --token TOKEN --frames 30

Prints two lines of JSON: `{"ports": [...]}`, where the other side has media, and `{"frames": 30, "width": 640, "height": 480}`, what came.
"""

import argparse
import asyncio
import json
import urllib.request
from urllib.parse import urljoin

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

# How long a picture may take, seconds.
PATIENCE_S = 30


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="address of WHEP")
    parser.add_argument("--token", required=True)
    parser.add_argument("--frames", type=int, required=True, help="how many pictures")
    asyncio.run(watch(parser.parse_args()))


async def watch(options):
    # Without servers: by default somebody else's is asked.
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    receiver = peer.addTransceiver("video", direction="recvonly").receiver
    # The offer of the connection itself has no candidates yet, that of its description has.
    await peer.setLocalDescription(await peer.createOffer())
    answer = ask(options, "POST", options.url, peer.localDescription.sdp.encode(), {"Content-Type": "application/sdp"})
    sdp, location = answer.read().decode(), answer.headers["Location"]
    candidates = [line.split() for line in sdp.splitlines() if line.startswith("a=candidate:")]
    # RFC 8839, section 5.1: foundation, component, transport, priority, address, port
    say({"ports": sorted({int(words[5]) for words in candidates if words[2].upper() == "UDP"})})
    await peer.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))
    try:
        for _ in range(options.frames):
            frame = await asyncio.wait_for(receiver.track.recv(), PATIENCE_S)
        say({"frames": options.frames, "width": frame.width, "height": frame.height})
    finally:
        ask(options, "DELETE", urljoin(options.url, location))
        await peer.close()


def say(something):
    print(json.dumps(something), flush=True)


def ask(options, method, url, body=None, headers=()):
    headers = {"Authorization": f"Bearer {options.token}", **dict(headers)}
    return urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=PATIENCE_S)


if __name__ == "__main__":
    main()
