/** The token that opens a server which asks for one: `?access_token=…` of the page's own address. */

const NAME = 'access_token';

const token = (): string | null => new URLSearchParams(location.search).get(NAME);

/** Headers for `fetch`. */
export function authorization(): Record<string, string> {
  const value = token();
  return value ? { authorization: `Bearer ${value}` } : {};
}

/** An address for whatever cannot send headers: WebSocket, download, another page. */
export function withToken(url: string): string {
  const value = token();
  if (!value) return url;
  const address = new URL(url, location.href);
  address.searchParams.set(NAME, value);
  return address.href;
}
