/** Uploading files part by part, after tus 1.0 (tus.io/protocols/resumable-upload). */

import { Conflict, NoAnswer, ServerFault, UnexpectedAnswer } from './errors.js';
import { path, type Http } from './http.js';

export interface UploadOptions {
  /** What people call the file. */
  name?: string;
  /** Told how many bytes have arrived. */
  onProgress?: (bytes: number) => void;
  signal?: AbortSignal;
  /** Bytes of a part; one is sent again as a whole when the connection is lost. */
  partBytes?: number;
}

const PART_BYTES = 4 << 20;

/** Parts that may fail one after the other. */
const MOST_FAILURES = 5;

const TUS = { 'tus-resumable': '1.0.0' };

const UPLOAD = '/api/v1/uploads/{id}';

/** Uploads a file, gone on with after every interruption; the `upload` of an order. */
export async function upload(http: Http, file: Blob, options: UploadOptions = {}): Promise<string> {
  const { signal, onProgress, partBytes = PART_BYTES } = options;
  const id = await create(http, file, options.name ?? (file as Partial<File>).name ?? 'video', signal);
  let offset = 0;
  let failures = 0;
  while (offset < file.size) {
    const before = offset;
    try {
      offset = await send(http, id, offset, file.slice(offset, offset + partBytes), signal);
    } catch (error) {
      const lost = error instanceof NoAnswer || error instanceof Conflict || error instanceof ServerFault;
      if (!lost || ++failures > MOST_FAILURES) throw error;
      offset = offsetOf(await http.answer({ method: 'HEAD', path: path(UPLOAD, { id }), headers: TUS, signal }));
    }
    if (offset > before) failures = 0;
    onProgress?.(offset);
  }
  return id;
}

async function create(http: Http, file: Blob, name: string, signal?: AbortSignal): Promise<string> {
  const pairs = { filename: name, filetype: file.type || 'application/octet-stream' };
  const metadata = Object.entries(pairs).map(([key, value]) => `${key} ${base64(new TextEncoder().encode(value))}`);
  const headers = { ...TUS, 'upload-length': String(file.size), 'upload-metadata': metadata.join(',') };
  const response = await http.answer({ method: 'POST', path: '/api/v1/uploads', headers, repeatable: true, signal });
  const id = (response.headers.get('location') ?? '').split('?')[0]?.split('/').filter(Boolean).at(-1);
  if (!id) throw new UnexpectedAnswer('the answer to a new upload has no Location');
  return decodeURIComponent(id);
}

/** Sends the bytes from an offset on; how many the server has afterwards. */
async function send(http: Http, id: string, offset: number, part: Blob, signal?: AbortSignal): Promise<number> {
  const headers = {
    ...TUS,
    'upload-offset': String(offset),
    'content-type': 'application/offset+octet-stream',
  };
  return offsetOf(await http.answer({ method: 'PATCH', path: path(UPLOAD, { id }), headers, body: part, signal }));
}

function offsetOf(response: Response): number {
  const offset = Number(response.headers.get('upload-offset') ?? Number.NaN);
  if (!Number.isSafeInteger(offset)) throw new UnexpectedAnswer('the answer about an upload has no Upload-Offset');
  return offset;
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
