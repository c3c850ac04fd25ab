// Which picture a media time belongs to.

/** A media time this close to the drawing of a picture is its own; milliseconds, well below the usual step and what it varies by. */
const CLOSE_MS = 6;

/** The first media time belongs to one of so many pictures. */
const FIRST = 300;

/** Media times that are tried as the one whose picture is looked for: any of them may be one that was stamped late. */
const ANCHORS = [0, 20, 40];

/** How much of what is left between a picture and its media time is taken over: the receiver evens out its clock for a while. */
const FOLLOW = 0.05;

/** Where media times belong at least this share of them has a picture; in bursts of a busy browser some have none. */
const ENOUGH = 0.5;

/** Any other place must fit at most this much as well. */
const SECOND = 0.8;

/**
 * Finds for each media time the picture it belongs to, both in milliseconds and in order; `null` where there is none close by.
 * Steps between pictures that follow no pattern fit in one place only. `offsets` is by how much media times were ahead.
 *
 * Throws where no place fits, or another fits nearly as well.
 */
export function align(drawn, media) {
  const anchors = ANCHORS.filter((n) => n < media.length);
  const starts = anchors.flatMap((n) => drawn.slice(0, FIRST + n).map((time) => media[n] - time));
  const places = starts.map((start) => follow(drawn, media, start));
  places.sort((a, b) => b.share - a.share);
  const [best] = places;
  const percent = (place) => `${Math.round(100 * (place?.share ?? 0))} %`;
  if (!(best?.share > ENOUGH)) throw new Error(`media times fit no series of pictures: ${percent(best)}`);
  const second = places.find(({ offsets }) => Math.abs(offsets.at(-1) - best.offsets.at(-1)) > CLOSE_MS);
  if (second?.share > SECOND * best.share) {
    throw new Error(`media times fit two series of pictures: ${percent(best)} and ${percent(second)}`);
  }
  return best;
}

function follow(drawn, media, start) {
  const [pictures, offsets] = [[], []];
  let [offset, next] = [start, 0];
  for (const time of media) {
    const off = (index) => time - offset - drawn[index];
    while (next + 1 < drawn.length && Math.abs(off(next + 1)) <= Math.abs(off(next))) next += 1;
    const close = Math.abs(off(next)) <= CLOSE_MS;
    if (close) offset += FOLLOW * off(next);
    pictures.push(close ? next : null);
    offsets.push(offset);
  }
  return {
    pictures,
    offsets,
    share: pictures.filter((index) => index !== null).length / media.length,
  };
}
