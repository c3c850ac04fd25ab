// A real browser with a camera that plays a file.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

// The one list of packages from npm is that of the pages.
const { chromium } = createRequire(new URL('../../../web/package.json', import.meta.url))('playwright-core');

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why there is no browser, or `false`. */
export const noChromium = existsSync(PROGRAM) ? false : `${PROGRAM} is missing: run \`make setup\``;

export function launch(camera = null) {
  return chromium.launch({
    executablePath: PROGRAM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-sync',
      '--no-first-run',
      '--autoplay-policy=no-user-gesture-required',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      // A tab in the background is as good as one in front.
      '--disable-renderer-backgrounding',
      '--disable-background-timer-throttling',
      '--disable-backgrounding-occluded-windows',
      ...(camera ? [`--use-file-for-fake-video-capture=${camera}`] : []),
    ],
  });
}

/** The studio with this set up in its form, and everything it hears written down in `window.heard`. */
export async function openStudio(context, base, setup) {
  await context.grantPermissions(['camera'], { origin: base });
  const page = await context.newPage();
  const preferences = {
    movement: 'cmj',
    heightCm: '',
    massKg: '',
    quality: 'balanced',
    camera: null,
    ...setup,
  };
  await page.addInitScript((chosen) => localStorage.setItem('kinemotion.setup', JSON.stringify(chosen)), preferences);
  await page.addInitScript(writeDown);
  await page.goto(`${base}/`);
  await page.waitForSelector('#movement option:nth-child(3)', {
    state: 'attached',
  });
  return page;
}

/** Runs in a page before its own code: keeps every line of WebSockets and data channels. */
export function writeDown() {
  window.heard = { socket: [], channel: [] };
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data }) => window.heard.socket.push(String(data)));
    }
  };
  const create = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (...args) {
    const channel = create.apply(this, args);
    channel.addEventListener('message', ({ data }) => window.heard.channel.push(String(data)));
    return channel;
  };
}
