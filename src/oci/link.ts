// RFC 8288 section 3 wants `<url>; rel="next"`; serverless-registry sends `url; rel=next`.
const bracketed = /^[\s,]*<([^>]*)>/;
const bare = /^\s*([^\s;,<>]+)/;
const parameter = /^\s*;\s*([^\s;,="]+)\s*(?:=\s*(?:"([^"]*)"|([^\s;,"]+)))?/;

/**
 * The target of the `Link` whose relation is `next` (RFC 8288; distribution-spec, Listing Tags), as sent: absolute or
 * relative; undefined where there is none.
 */
export function parseNextLink(header: string | undefined): string | undefined {
  let rest = header?.slice(0, 8192) ?? '';
  for (;;) {
    const [whole = '', target] = bracketed.exec(rest) ?? bare.exec(rest) ?? [];
    if (target === undefined) return undefined;
    rest = rest.slice(whole.length);
    let isNext = false;
    for (let found = parameter.exec(rest); found !== null; found = parameter.exec(rest)) {
      isNext ||= found[1]?.toLowerCase() === 'rel' && /(?:^|\s)next(?:\s|$)/i.test(found[2] ?? found[3] ?? '');
      rest = rest.slice(found[0].length);
    }
    if (isNext) return target;
  }
}
