// WebRTC for the fake server, lent by a second page of the same browser: it answers WHIP offers and hands on the event
// stream as data channel, and answers WHEP offers with the stick figure drawn on a canvas.

/** Runs in the page. */
function install() {
  const connections = [];

  async function answer(connection, offer) {
    connections.push(connection);
    await connection.setRemoteDescription({ type: 'offer', sdp: offer });
    await connection.setLocalDescription();
    await new Promise((resolve) => {
      connection.onicegatheringstatechange = () => connection.iceGatheringState === 'complete' && resolve();
      setTimeout(resolve, 500);
    });
    return connection.localDescription.sdp;
  }

  window.whip = (offer, id) => {
    const connection = new RTCPeerConnection();
    connection.ondatachannel = ({ channel }) => {
      const socket = new WebSocket(`ws://${location.host}/api/v1/analyses/${id}/stream`);
      socket.onmessage = ({ data }) => channel.readyState === 'open' && channel.send(data);
      void fetch(`/dev/start?id=${id}`, { method: 'POST' });
    };
    return answer(connection, offer);
  };

  window.whep = (offer) => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: 1280, height: 720 });
    const context = canvas.getContext('2d');
    const paint = () => {
      const ground = context.createLinearGradient(0, 0, 0, 720);
      ground.addColorStop(0, '#5d7082');
      ground.addColorStop(0.86, '#8496a5');
      ground.addColorStop(0.87, '#4d5a63');
      ground.addColorStop(1, '#39434b');
      context.fillStyle = ground;
      context.fillRect(0, 0, 1280, 720);
    };
    setInterval(paint, 33);
    paint();
    const connection = new RTCPeerConnection();
    connection.addTrack(canvas.captureStream(30).getVideoTracks()[0]);
    return answer(connection, offer);
  };
}

/** Makes `context` answer WHIP and WHEP; `base` is the fake server. */
export async function lendWebRtc(context, base) {
  const page = await context.newPage();
  await page.goto(`${base}/favicon.svg`);
  await page.goto(`${base}/overlay/none`);
  await page.evaluate(install);
  await context.route(/\/(whip|whep)\//, async (route) => {
    const request = route.request();
    const [, kind, id] = new URL(request.url()).pathname.split('/');
    if (request.method() !== 'POST') return route.fulfill({ status: request.method() === 'PATCH' ? 204 : 200 });
    const sdp = await page.evaluate(([call, offer, session]) => window[call](offer, session), [kind, request.postData(), id]);
    return route.fulfill({ status: 201, headers: { 'content-type': 'application/sdp', location: `/${kind}/${id}` }, body: sdp });
  });
}
