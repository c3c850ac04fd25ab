// Has the videos of a team analysed, some at a time, and shows who jumped how high; see README.md.

import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
// Outside of this repository: from 'kinemotion-client'
import { KinemotionClient, KinemotionError, best, metric } from '../../sdk/js/dist/index.js';

/** Analyses ordered and waited for at once. */
const AT_ONCE = 8;

/**
 * Analyses a roster, each `{ id, name, video, height_m }`, and resolves to one row for each in the order of their jumps. One
 * that fails has an `error` and stops nobody else.
 */
export async function analyseTeam(client, roster, onDone = () => {}) {
  const rows = [];
  const waiting = [...roster];
  const work = async () => {
    for (let member = waiting.shift(); member; member = waiting.shift()) {
      const row = await analyse(client, member);
      rows.push(row);
      onDone(row);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return rows.sort((a, b) => (b.height_m ?? -1) - (a.height_m ?? -1));
}

async function analyse(client, { id, name, video, height_m }) {
  try {
    const order = { input: { video_path: video }, sport_type: 'cmj', ...(height_m && { athlete: { height_m } }) };
    // The same team on the same day is not analysed twice when this is run again.
    const idempotencyKey = [id, video, new Date().toISOString().slice(0, 10)].map(encodeURIComponent).join(' ');
    const { analysis_id } = await client.createAnalysis(order, { idempotencyKey });
    const jump = best(await client.wait(analysis_id));
    if (!jump) return { name, error: 'no jump was found' };
    const { metrics, uncertainty, quality } = jump;
    return {
      name,
      height_m: metric(metrics, 'jump_height'),
      uncertainty_m: metric(uncertainty, 'jump_height'),
      grade: quality.grade,
    };
  } catch (error) {
    if (error instanceof KinemotionError) return { name, error: error.message };
    throw error;
  }
}

const centimetres = (metres) => (metres === null ? '–' : (100 * metres).toFixed(1));

/** A page with a row for each. */
export function page(rows) {
  const safe = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  const cells = ({ height_m, uncertainty_m, grade, error }) =>
    error
      ? `<td colspan="2">${safe(error)}</td>`
      : `<td>${centimetres(height_m)} ± ${centimetres(uncertainty_m)} cm</td><td>${safe(grade)}</td>`;
  const body = rows.map((row) => `<tr><th scope="row">${safe(row.name)}</th>${cells(row)}</tr>`).join('\n');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Team</title>
<table>
<thead><tr><th>Athlete</th><th>Highest jump</th><th>Grade</th></tr></thead>
<tbody>
${body}
</tbody>
</table>
</html>
`;
}

async function main([roster, output]) {
  const members = JSON.parse(await readFile(roster, 'utf8'));
  const rows = await analyseTeam(new KinemotionClient(), members, ({ name, error }) =>
    console.log(`${name}: ${error ?? 'done'}`),
  );
  await writeFile(output, page(rows));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2));
