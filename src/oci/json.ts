/**
 * What a JSON text means; undefined where it is none. Bytes must be UTF-8 (RFC 8259 section 8.1), with or without the byte order
 * mark that some front ends put before what they pass on.
 */
export function parseJson(json: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof json === 'string' ? json : new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch {
    return undefined;
  }
}
