/**
 * Client of the kinemotion API: analyses of how people move, live and from files. WebRTC is in `kinemotion-client/webrtc`,
 * receiving webhooks in `kinemotion-client/webhooks`.
 */

export { KinemotionClient, type OrderOptions } from './client.js';
export * from './errors.js';
export { Once, readEvent, type EventType, type Landmark, type Person, type WireEvent } from './events.js';
export type { Options, Retries } from './http.js';
export { best, metric, type Numbers } from './metrics.js';
export type * from './models.js';
export type { StreamOptions, Transport } from './stream.js';
export type { UploadOptions } from './uploads.js';
