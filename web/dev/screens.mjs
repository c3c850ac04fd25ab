// Photographs every screen of both pages in a headless Chromium, against the fake server, in three sizes and both colour
// schemes, so that somebody can look at them.
//
//   npm run build && npm run screens -- FOLDER [name …]

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { lendWebRtc } from './peer.mjs';

const [folder = 'screens', ...only] = process.argv.slice(2);
const PORT = 8091;
const BASE = `http://127.0.0.1:${PORT}`;

const SIZES = { phone: [390, 844], tablet: [820, 1180], desktop: [1280, 800] };

const DEMO = { source: 'demo', movement: 'cmj', heightCm: '178', massKg: '' };

const start = (page) => page.click('button[type=submit]');
const repetitions = (page, n) => page.waitForSelector(`.repetitions > li:nth-child(${n})`, { timeout: 60_000 });

/** What is done before the photograph; `setup` is what the form remembers. */
const STUDIO = {
  idle: { setup: { ...DEMO, source: 'camera', heightCm: '' } },
  unreachable: { setup: DEMO, unreachable: true },
  field: {
    setup: { ...DEMO, heightCm: '17' },
    run: async (page) => (await start(page), page.waitForSelector('.field-error:not([hidden])')),
  },
  refused: {
    setup: { ...DEMO, movement: 'walking' },
    run: async (page) => (await start(page), page.waitForSelector('.message .primary')),
  },
  denied: {
    setup: { ...DEMO, source: 'camera' },
    deny: true,
    run: async (page) => (await start(page), page.waitForSelector('.message .primary')),
  },
  asking: {
    setup: { ...DEMO, source: 'camera' },
    ask: true,
    run: async (page) => (await start(page), page.waitForSelector('.spinner')),
  },
  connecting: {
    setup: { ...DEMO, source: 'camera' },
    silent: true,
    run: async (page) => (await start(page), page.waitForTimeout(1200)),
  },
  camera: { setup: { ...DEMO, source: 'camera' }, run: async (page) => (await start(page), repetitions(page, 1)) },
  live: { setup: DEMO, run: async (page) => (await start(page), page.waitForSelector('.banner[data-tone=flight]')) },
  provisional: {
    setup: DEMO,
    run: async (page) => {
      await start(page);
      await repetitions(page, 1);
      await page.request.post(`${BASE}/dev/hold`);
      await page.waitForSelector('.hero.provisional');
    },
  },
  three: {
    setup: DEMO,
    full: true,
    run: async (page) => {
      await start(page);
      await repetitions(page, 3);
      await page.waitForTimeout(1200);
      await page.click('.repetitions > li:first-child summary');
    },
  },
  lost: {
    setup: DEMO,
    run: async (page) => {
      await start(page);
      await repetitions(page, 1);
      await page.request.post(`${BASE}/dev/break?seconds=6`);
      await page.waitForSelector('.message.passing');
      await page.waitForTimeout(1500);
    },
  },
  warned: {
    setup: DEMO,
    run: async (page) => {
      await start(page);
      await page.waitForSelector('.banner:not([hidden])');
      await page.request.post(
        `${BASE}/dev/warn?code=frame_rate_low&message=${encodeURIComponent('24 frames per second: times are no surer than 20 ms')}`,
      );
      await page.waitForSelector('.hints:not([hidden])');
    },
  },
  share: {
    setup: DEMO,
    run: async (page) => (
      await start(page),
      await page.waitForSelector('.banner:not([hidden])'),
      page.click('.bar .quiet:last-child')
    ),
  },
  unended: {
    setup: DEMO,
    run: async (page) => {
      await start(page);
      await repetitions(page, 1);
      await page.route('**/api/v1/analyses/*', (route) =>
        route.request().method() === 'DELETE' ? route.abort() : route.continue(),
      );
      await page.click('.stop');
      await page.waitForSelector('.message.blocking .primary');
    },
  },
  over: {
    setup: DEMO,
    run: async (page) => (
      await start(page),
      await repetitions(page, 1),
      page.click('.stop'),
      page.waitForSelector('.message.blocking')
    ),
  },
};

const LONG_NAME = 'Maria-Magdalena+Lindqvist-Oppenheimer';

const OVERLAYS = {
  'lower-third': 'name=Mara+Lindqvist',
  'lower-third-light': 'name=Mara+Lindqvist&theme=light&accent=e4572e',
  'lower-third-clean': 'theme=clean',
  corner: 'layout=corner&name=Mara+Lindqvist',
  'corner-light': 'layout=corner&theme=light',
  strip: 'layout=strip&name=Mara+Lindqvist&hold=0',
  'strip-clean': 'layout=strip&theme=clean&metrics=jump_height_m,flight_time_ms',
  scaled: 'layout=corner&scale=1.6&accent=ffc23d',
  'lower-third-long': `name=${LONG_NAME}`,
  'corner-long': `layout=corner&name=${LONG_NAME}`,
  'corner-light-long': 'layout=corner&theme=light',
  'corner-clean-long': 'layout=corner&theme=clean',
  'strip-long': `layout=strip&name=${LONG_NAME}`,
};

/** The longest labels, and numbers twice as wide as usual. */
const long = ({ sports, metrics }) => ({
  sports,
  metrics: metrics.map((metric) => ({ ...metric, short_label: null, decimals: metric.decimals + 2, unit: 'steps/min' })),
});

const CHECKERBOARD = 'html{background:repeating-conic-gradient(#8a8f94 0 25%,#b9bec3 0 50%) 0 0/48px 48px}';

const launch = (flags = []) =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-sync',
      '--no-first-run',
      '--autoplay-policy=no-user-gesture-required',
      '--use-fake-device-for-media-stream',
      ...flags,
    ],
  });

async function studio(browser, name, screen, size, scheme) {
  const [width, height] = SIZES[size];
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    deviceScaleFactor: size === 'phone' ? 2 : 1,
  });
  try {
    if (!screen.deny && !screen.ask) await context.grantPermissions(['camera'], { origin: BASE });
    if (!screen.silent) await lendWebRtc(context, BASE);
    else await context.route(/\/whip\//, () => undefined);
    const page = await context.newPage();
    page.on('pageerror', (error) => console.log(`${name}: ${error}`));
    page.on('console', (message) => message.type() === 'error' && console.log(`${name}: ${message.text()}`));
    await page.addInitScript((setup) => localStorage.setItem('kinemotion.setup', JSON.stringify(setup)), screen.setup);
    if (screen.unreachable) await page.route('**/api/v1/sports', (route) => route.abort());
    if (screen.ask) await page.addInitScript(() => (navigator.mediaDevices.getUserMedia = () => new Promise(() => undefined)));
    await page.goto(`${BASE}/`);
    await page.waitForSelector(screen.unreachable ? '.load-error:not([hidden])' : '#movement option:nth-child(3)', {
      state: 'attached',
    });
    await screen.run?.(page);
    await page.screenshot({ path: join(folder, `${name}-${size}-${scheme}.png`), fullPage: screen.full ?? false });
  } finally {
    await context.close();
  }
}

async function overlays(browser) {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
  const created = await context.request.post(`${BASE}/api/v1/analyses`, {
    data: { sport_type: 'cmj', input: { demo: true }, quality: 'balanced', overlay: false },
  });
  const { analysis_id } = await created.json();
  for (const [name, query] of Object.entries(OVERLAYS)) {
    if (only.length > 0 && !only.includes('overlay') && !only.includes(name)) continue;
    const page = await context.newPage();
    page.on('pageerror', (error) => console.log(`overlay ${name}: ${error}`));
    if (name.endsWith('-long')) {
      await page.route('**/api/v1/sports', async (route) => route.fulfill({ json: long(await (await route.fetch()).json()) }));
    }
    await page.goto(`${BASE}/overlay/${analysis_id}?${query}`);
    await page.addStyleTag({ content: CHECKERBOARD });
    await page.waitForSelector('.last:not([hidden])', { timeout: 30_000 });
    await page.waitForTimeout(700);
    await page.screenshot({ path: join(folder, `overlay-${name}.png`) });
    await page.close();
  }
  await context.close();
}

mkdirSync(folder, { recursive: true });
const server = spawn(process.execPath, [fileURLToPath(new URL('fake-server.mjs', import.meta.url))], {
  env: { ...process.env, PORT: String(PORT) },
  stdio: ['ignore', 'pipe', 'inherit'],
});
await once(server.stdout, 'data');
const [allowing, denying] = [await launch(['--use-fake-ui-for-media-stream']), await launch(['--deny-permission-prompts'])];
try {
  for (const [name, screen] of Object.entries(STUDIO)) {
    for (const size of Object.keys(SIZES)) {
      for (const scheme of ['light', 'dark']) {
        const words = [name, size, scheme, `${name}-${size}-${scheme}`];
        if (only.length > 0 && !only.every((word) => words.includes(word))) continue;
        await studio(screen.deny ? denying : allowing, name, screen, size, scheme);
      }
    }
  }
  if (only.length === 0 || only.some((word) => word === 'overlay' || word in OVERLAYS)) await overlays(allowing);
} finally {
  await Promise.all([allowing.close(), denying.close()]);
  server.kill();
}
