// What runs in the page of the benchmark: a camera that stamps its pictures, and what reads the stamps again.

/**
 * Publishes a film over WHIP, each picture stamped with the time at which it was drawn, and keeps what comes back.
 *
 * The stamp is the time modulo 2^24 ms in `bits` black or white blocks along the lower edge. Pictures are drawn up to 20 ms
 * after their turn, without a pattern, so that the series of drawing times fits that of media times in one place only.
 */
export async function publish({ film, whip, width, height, bits, band }) {
  const bench = (window.bench = {
    drawn: [],
    poses: [],
    repetitions: [],
    codec: '',
  });
  const video = Object.assign(document.createElement('video'), {
    muted: true,
    loop: true,
    src: film,
  });
  document.body.append(video);
  await video.play();
  const canvas = Object.assign(document.createElement('canvas'), {
    width,
    height,
  });
  const context = canvas.getContext('2d', { alpha: false });
  const stream = canvas.captureStream(0);
  const [track] = stream.getVideoTracks();
  track.contentHint = 'motion';
  let chance = 1;
  const turn = () => {
    video.requestVideoFrameCallback(turn);
    chance = (chance * 48271) % 2147483647;
    setTimeout(draw, chance % 20);
  };
  const draw = () => {
    context.drawImage(video, 0, 0, width, height - band);
    const now = Date.now();
    for (let bit = 0; bit < bits; bit++) {
      context.fillStyle = (now >> (bits - 1 - bit)) & 1 ? '#fff' : '#000';
      context.fillRect((bit * width) / bits, height - band, width / bits, band);
    }
    bench.drawn.push(performance.now());
    track.requestFrame();
  };
  video.requestVideoFrameCallback(turn);

  const connection = (bench.connection = new RTCPeerConnection());
  const channel = connection.createDataChannel('metrics', {
    ordered: true,
    maxRetransmits: 0,
  });
  channel.onmessage = ({ data }) => {
    const arrived = performance.now();
    const { type, timestamp_ms, data: said } = JSON.parse(data);
    if (type === 'pose' && said.persons.length > 0) bench.poses.push([timestamp_ms, arrived]);
    if (type === 'repetition') bench.repetitions.push([1000 * said.events.landing_s, arrived]);
  };
  connection.addTransceiver(track, {
    direction: 'sendonly',
    streams: [stream],
  });
  await connection.setLocalDescription();
  await new Promise((resolve) => {
    connection.onicegatheringstatechange = () => connection.iceGatheringState === 'complete' && resolve();
  });
  bench.posted = performance.now();
  const headers = { 'content-type': 'application/sdp' };
  const response = await fetch(whip, {
    method: 'POST',
    headers,
    body: connection.localDescription.sdp,
  });
  const sdp = await response.text();
  if (response.status !== 201) throw new Error(`${response.status} ${sdp}`);
  await connection.setRemoteDescription({ type: 'answer', sdp });
  return response.headers.get('location');
}

/** Reads the stamps of what `watch` plays into `window.glass`: how old each picture is, milliseconds. */
export function readStamps({ bits, band, height }) {
  const { video } = window.viewer;
  const glass = (window.glass = { ages: [], unreadable: 0 });
  const canvas = new OffscreenCanvas(video.videoWidth, 1);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const read = () => {
    video.requestVideoFrameCallback(read);
    const now = Date.now();
    const row = video.videoHeight * (1 - band / height / 2);
    context.drawImage(video, 0, row, video.videoWidth, 1, 0, 0, canvas.width, 1);
    const { data } = context.getImageData(0, 0, canvas.width, 1);
    let stamp = 0;
    for (let bit = 0; bit < bits; bit++) {
      const green = data[4 * Math.floor(((bit + 0.5) * canvas.width) / bits) + 1];
      if (green > 90 && green < 165) return void glass.unreadable++;
      stamp = 2 * stamp + (green > 127 ? 1 : 0);
    }
    glass.ages.push((now % 2 ** bits) - stamp);
  };
  video.requestVideoFrameCallback(read);
}
