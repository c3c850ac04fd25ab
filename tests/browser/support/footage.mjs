// What the fake camera films.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROGRAMS } from './daemon.mjs';

const run = promisify(execFile);

/** Frames per second of the camera. */
export const FPS = 30;

export const STATURE_M = 1.78;

/** Renders one countermovement jump as Chromium's fake camera plays it, over and over; the file and what is true. */
export async function renderJump(folder, size = '640x360') {
  const [clip, truth, camera] = ['jump.mp4', 'truth.json', 'jump.y4m'].map((name) => join(folder, name));
  const film = ['--fps', String(FPS), '--size', size, '--stature-m', String(STATURE_M), '--video', clip, '--truth', truth];
  await run(`${PROGRAMS}/synthetic-athlete`, ['cmj', ...film]);
  // Decoded pictures have room around them that y4menc would write too; by way of another format they lose it.
  const raw = ['NV12', 'I420'].flatMap((format) => ['!', 'videoconvert', '!', `video/x-raw,format=${format}`]);
  const decode = ['filesrc', `location=${clip}`, '!', 'decodebin', ...raw];
  await run('gst-launch-1.0', ['-q', ...decode, '!', 'y4menc', '!', 'filesink', `location=${camera}`]);
  return {
    film: clip,
    camera,
    truth: JSON.parse(await readFile(truth, 'utf8')),
  };
}
