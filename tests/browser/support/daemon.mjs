// A running daemon.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** The program under test; `make` says where it was built. */
export const PROGRAMS = process.env.KINEMOTION_BIN ?? new URL('../../../target/release', import.meta.url).pathname;

export class Daemon {
  #process;

  constructor(process, base) {
    this.#process = process;
    /** Address of the studio, without a slash at the end. */
    this.base = base;
  }

  /** Starts a daemon on free ports that stores in `folder`; `settings` are keys like `SESSIONS__SILENCE_S`. */
  static async start(folder, settings = {}) {
    const environment = {
      ADMIN__LISTEN: '127.0.0.1:0',
      STORAGE__FOLDER: folder,
      LOG__FILTER: 'warn',
      ...settings,
    };
    const named = Object.entries(environment).map(([key, value]) => [`KINEMOTION_SERVE__${key}`, value]);
    const child = spawn(`${PROGRAMS}/kinemotion`, ['serve', '--listen', '127.0.0.1:0'], {
      env: { ...process.env, ...Object.fromEntries(named) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child, 'spawn');
    for await (const line of createInterface({ input: child.stdout })) {
      const address = /^studio\s+(http:\/\/[^/]+)/.exec(line)?.[1];
      if (!address) continue;
      // What is not read would stop the daemon one day.
      child.stdout.resume();
      return new Daemon(child, address);
    }
    throw new Error('the daemon ended before it said its address');
  }

  /** Ends the daemon as Ctrl-C does; its exit code. */
  async stop() {
    if (this.#process.exitCode !== null) return this.#process.exitCode;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGINT');
    const [code] = await ended;
    return code;
  }

  async json(path, method = 'GET', body = undefined) {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(this.base + path, {
      method,
      headers,
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  /** Events of an analysis of these types from its beginning to its end, as they come. */
  async *events(id, types) {
    const response = await fetch(`${this.base}/api/v1/analyses/${id}/stream?types=${types.join(',')}`);
    const decoder = new TextDecoder();
    let rest = '';
    for await (const bytes of response.body) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop();
      for (const line of lines) if (line !== '') yield JSON.parse(line);
    }
  }
}
