// A viewer of its own making, so that the daemon is not only tried with the client of the studio. These functions run in a
// page.

/** Plays the picture of an analysis over WHEP; the time from the offer to the first picture, milliseconds. */
export async function watch(path) {
  const connection = new RTCPeerConnection();
  const { receiver } = connection.addTransceiver('video', {
    direction: 'recvonly',
  });
  receiver.jitterBufferTarget = 0;
  const video = Object.assign(document.createElement('video'), {
    muted: true,
    autoplay: true,
  });
  video.srcObject = new MediaStream([receiver.track]);
  document.body.replaceChildren(video);
  window.viewer = { connection, video };
  const gathered = new Promise((resolve) => {
    connection.onicegatheringstatechange = () => connection.iceGatheringState === 'complete' && resolve();
  });
  await connection.setLocalDescription();
  await gathered;
  const offered = performance.now();
  const headers = { 'content-type': 'application/sdp' };
  const response = await fetch(path, {
    method: 'POST',
    headers,
    body: connection.localDescription.sdp,
  });
  const sdp = await response.text();
  if (response.status !== 201) throw new Error(`${response.status} ${sdp}`);
  const first = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  await connection.setRemoteDescription({ type: 'answer', sdp });
  await first;
  return performance.now() - offered;
}

/** Waits for frames until the orange limbs of the overlay satisfy a condition of how many pixels and how far they have moved. */
export async function limbs({ atLeast = 0, atMost = Infinity, moved = 0 }) {
  const { video } = window.viewer;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  let [highest, lowest] = [Infinity, -Infinity];
  for (;;) {
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let [pixels, rows] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
      const [red, green, blue] = [data[i], data[i + 1], data[i + 2]];
      if (red < 190 || green < 110 || green > 190 || blue > 110) continue;
      pixels += 1;
      rows += Math.floor(i / 4 / canvas.width);
    }
    window.limbs = { pixels };
    if (pixels < atLeast || pixels > atMost) continue;
    if (pixels > 0) [highest, lowest] = [Math.min(highest, rows / pixels), Math.max(lowest, rows / pixels)];
    if (moved === 0 || lowest - highest >= moved) return { pixels, moved: lowest - highest };
  }
}
