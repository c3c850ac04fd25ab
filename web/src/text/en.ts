/** Every English sentence of the pages. */

import type { CameraFault } from '../api/camera';
import type { Grade, SessionState } from '../api/types';

const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

export const text = {
  product: 'kinemotion',
  studio: 'Studio',

  intro: {
    title: 'Every jump, measured while it happens.',
    lead: 'Point a camera at the athlete, or try the demo. Height, timing and velocity appear within moments of landing, each with its 95\u00a0% interval.',
    figure: 'Five moments of a countermovement jump: standing, lowest point, take-off, highest point and landing.',
    moments: ['Standing', 'Lowest', 'Take-off', 'Apex', 'Landing'],
    tips: [
      { title: 'From the side', detail: 'camera level, at hip height' },
      { title: 'Whole body', detail: 'feet and raised hands in the picture' },
      { title: 'Steady', detail: 'tripod, good light, 60\u00a0frames/s' },
    ],
  },

  setup: {
    title: 'New measurement',
    source: 'Source',
    camera: 'Camera',
    demo: 'Demo athlete',
    whichCamera: 'Camera',
    anyCamera: 'Best camera',
    unnamedCamera: (n: number) => `Camera ${n}`,
    showCameras: 'Choose…',
    movement: 'Movement',
    auto: 'Recognise automatically',
    height: 'Height',
    mass: 'Body mass',
    heightUnit: 'cm',
    massUnit: 'kg',
    optional: 'optional',
    notANumber: 'This is not a number.',
    whyHeight: 'Gives lengths and speeds their scale.',
    whyMass: 'Adds power and force.',
    quality: 'Quality',
    qualities: { fast: 'Fast', balanced: 'Balanced', accurate: 'Accurate' },
    start: 'Start measuring',
    startDemo: 'Start the demo',
    tryDemo: 'No camera at hand? Watch the demo athlete',
    privacy: 'The picture goes to this server only. It is not recorded.',
    retry: 'Try again',
  },

  stage: {
    title: 'Measurement',
    label: 'Picture of the athlete with skeleton',
    asking: 'Waiting for the camera',
    askingDetail: 'Your browser asks whether this page may use it.',
    creating: 'Starting the session',
    connecting: 'Connecting',
    connectingDetail: 'The first picture is on its way.',
    searching: 'Looking for the athlete',
    searchingDetail: 'Step into the picture, head to feet.',
    lost: 'Connection lost',
    lostDetail: (attempt: number) => `Trying again, attempt ${attempt}. Nothing measured so far is lost.`,
    silent: 'Nothing is arriving',
    silentDetail: 'The connection may be gone. It is opened again if this goes on.',
    stalled: 'No picture is arriving',
    stalledDetail: 'The session goes on as soon as it does.',
    ending: 'Ending the session',
    unended: 'The session could not be ended',
    unendedDetail: 'It may go on at the server and keep its place there.',
    over: 'Session ended',
    overDetail: (n: number, why: string) =>
      (n === 0 ? 'No repetition was measured' : `${plural(n, 'repetition', 'repetitions')} measured`) + (why && `: ${why}`) + '.',
    noPicture: 'Picture not available; the skeleton is live.',
    repetitions: (n: number) => plural(n, 'repetition', 'repetitions'),
    noPhase: 'Ready',
  },

  fault: {
    title: {
      denied: 'The camera is blocked',
      missing: 'No camera was found',
      busy: 'The camera is in use',
      insecure: 'The camera needs a secure page',
      unsuitable: 'This camera cannot be used',
    } satisfies Record<CameraFault, string>,
    detail: {
      denied: 'Allow the camera for this page, usually with the symbol left of the address, then try again.',
      missing: 'Connect one and try again, or watch the demo athlete.',
      busy: 'Another program or page has it. Close that and try again.',
      insecure: 'Browsers share cameras with https pages and with this computer’s own pages only.',
      unsuitable: 'It is gone or delivers no picture in a usable size. Choose another one.',
    } satisfies Record<CameraFault, string>,
    unreachable: 'The server does not answer',
    unreachableDetail: 'Check that kinemotion is running and that this device is on its network.',
    unexpected: 'Something went wrong',
    failed: 'The session failed',
    again: 'Try again',
    demo: 'Use the demo athlete',
    back: 'Back to set-up',
  },

  actions: {
    stop: 'Stop',
    again: 'New measurement',
    skeleton: 'Skeleton',
    overlay: 'Broadcast overlay',
    json: 'JSON',
    csv: 'CSV',
    downloadJson: 'Download results as JSON',
    downloadCsv: 'Download results as CSV',
  },

  status: {
    label: 'Session status',
    states: {
      waiting: 'Waiting',
      connecting: 'Connecting',
      live: 'Live',
      stalled: 'Stalled',
      finishing: 'Finishing',
      done: 'Ended',
      failed: 'Failed',
    } satisfies Record<SessionState, string>,
    reconnecting: 'Reconnecting',
    delay: 'Delay',
    delayHint: 'From the arrival of a frame at the server to its number on this page, median of the last second.',
    dropped: 'Dropped',
    droppedHint: 'Poses and interim numbers left out because the connection was too slow. Repetitions are never left out.',
    source: 'Picture',
    ms: (ms: number) => `${Math.round(ms)} ms`,
  },

  numbers: {
    last: (n: number) => `Repetition ${n}`,
    waiting: 'First repetition',
    waitingDetail: 'Numbers appear here right after the landing.',
    provisional: 'Provisional',
    provisionalDetail: 'may still change',
    interval: '95\u00a0% interval',
    now: 'Right now',
    grade: (grade: Grade) => `Grade ${grade}`,
    gradeMeaning: {
      A: 'nothing stood in the way',
      B: 'good, with a reservation',
      C: 'take with care',
      F: 'not to be relied on',
    } satisfies Record<Grade, string>,
  },

  trend: {
    title: 'Trend',
    metric: 'Metric',
    empty: 'Repetitions side by side appear here.',
    mean: 'Mean',
    deviation: 'SD',
    lowest: 'Lowest',
    highest: 'Highest',
    summary: (label: string, n: number, mean: string, low: string, high: string) =>
      `${label} over ${plural(n, 'repetition', 'repetitions')}: mean ${mean}, from ${low} to ${high}.`,
  },

  list: {
    title: 'Repetitions',
    empty: 'None yet.',
    person: (id: number) => `Person ${id}`,
    metric: 'Metric',
    value: 'Value',
    interval: '95\u00a0% ±',
    reasons: 'Why not better',
    notes: 'Notes',
  },

  hints: {
    title: 'To measure better',
    slowCamera: (fps: number) => `The camera gives ${Math.round(fps)} frames per second: 60 or more make the numbers surer`,
    busy: (rate: number | null) =>
      `The service is busy: ${rate === null ? 'a lighter model is used' : `${Math.round(rate)} poses per second are measured`}, so intervals are wider`,
    dismiss: 'Dismiss',
  },

  share: {
    title: 'Broadcast overlay',
    lead: 'A transparent page for a browser source in OBS or vMix, 1920 × 1080.',
    layout: 'Layout',
    layouts: { 'lower-third': 'Lower third', corner: 'Corner', strip: 'Strip' },
    theme: 'Theme',
    themes: { dark: 'Dark', light: 'Light', clean: 'Clean' },
    name: 'Athlete’s name',
    address: 'Address',
    copy: 'Copy address',
    copied: 'Copied',
    selected: 'Selected: copy it by hand',
    open: 'Open',
    close: 'Close',
  },

  /** What the server says that it should not. */
  wire: {
    brokenAnswer: 'The server’s answer cannot be used',
    brokenEvent: (type: string, wrong: string) => `An event is left out: ${type && `${type}: `}${wrong}`,
    notJson: 'it is not JSON.',
    noHeader: (endpoint: string, name: string) => `${endpoint}: the answer has no header ${name}.`,
    kinds: {
      string: 'a text',
      number: 'a number',
      wholeNumber: 'a whole number',
      boolean: 'true or false',
      object: 'an object',
      list: 'a list',
    },
    isNot: (member: string, kind: string) => `${member || 'it'} is not ${kind}.`,
    isNone: (member: string, words: readonly string[]) => `${member || 'it'} is none of ${words.join(', ')}.`,
  },

  announce: {
    repetition: (n: number, reading: string, grade: Grade) => `Repetition ${n}: ${reading}, grade ${grade}.`,
    plusMinus: ' plus or minus ',
    live: 'Measuring.',
    lost: 'Connection lost, trying again.',
    back: 'Connected again.',
    over: 'Session ended.',
  },

  overlay: {
    last: (n: number) => `Rep ${n}`,
    provisional: 'provisional',
    unknown: 'There is no session with this id.',
    lost: 'Connection lost, trying again.',
    badOption: (name: string, value: string) => `Option ${name}=${value} is not understood and left out.`,
  },
};
