// The daemon of the browser's tests, for these.

import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** `KINEMOTION_BIN` names the folder of the programs, or the daemon in it; `missing` says why there is none, or is `false`. */
export async function useDaemon() {
  const named = process.env.KINEMOTION_BIN;
  if (named && existsSync(named) && !statSync(named).isDirectory()) process.env.KINEMOTION_BIN = dirname(named);
  const { Daemon, PROGRAMS } = await import('../../../../tests/browser/support/daemon.mjs');
  return { Daemon, PROGRAMS, missing: named ? false : 'KINEMOTION_BIN does not say where the daemon is' };
}
