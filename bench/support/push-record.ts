/** A request to the registry. Times in ms of one clock; `busyMs`: how long the gateway's main thread had been at work until then. */
export interface RegistryRequest {
  readonly what: string;
  readonly began: Moment;
  readonly ended: Moment;
}

export interface Moment {
  readonly atMs: number;
  readonly busyMs: number;
}

/** One push, from its request to its answer, and what the registry was asked meanwhile. */
export interface PushRecord {
  readonly came: Moment;
  readonly gone: Moment;
  readonly requests: readonly RegistryRequest[];
}

/** Something that had to be waited for: a request, or the gateway between two of them. */
export interface Step {
  readonly what: string;
  readonly ms: number;
  /** How long the gateway's main thread was at work meanwhile. */
  readonly busyMs: number;
}

type Line = readonly [event: string, id: number, atUs: number, busyUs: number, text: string];

interface Event extends Moment {
  readonly id: number;
  readonly text: string;
}

/** The pushes that a recorder (recorder.mjs) wrote down, in order. They must not have overlapped. */
export function parseRecord(text: string): readonly PushRecord[] {
  const lines = text.split('\n').map((line) => JSON.parse(line) as Line);
  const all = (event: string): readonly Event[] =>
    lines
      .filter(([name]) => name === event)
      .map(([, id, atUs, busyUs, words]) => ({ id, atMs: atUs / 1000, busyMs: busyUs / 1000, text: words }));
  const read = new Map(all('read').map((event) => [event.id, event]));
  const gone = new Map(all('gone').map((event) => [event.id, event]));
  const requests = all('asked').flatMap((began) => {
    const ended = read.get(began.id);
    return ended === undefined ? [] : [{ what: nameOf(began.text), began, ended }];
  });
  return all('came').flatMap((came) => {
    const end = gone.get(came.id);
    if (end === undefined || !came.text.endsWith('/push')) return [];
    const isWithin = ({ began, ended }: RegistryRequest) => began.atMs >= came.atMs && ended.atMs <= end.atMs;
    return [{ came, gone: end, requests: requests.filter(isWithin) }];
  });
}

/** The steps of a push that waited for each other, the last first looked for: what ended before each began. */
export function criticalPath({ came, gone, requests }: PushRecord): readonly Step[] {
  const steps: Step[] = [];
  let until = gone;
  for (;;) {
    const before = requests
      .filter(({ ended }) => ended.atMs <= until.atMs)
      .reduce<RegistryRequest | undefined>(
        (a, b) => (a === undefined || b.ended.atMs > a.ended.atMs ? b : a),
        undefined,
      );
    steps.unshift(stepOf('gateway', before?.ended ?? came, until));
    if (before === undefined) return steps;
    steps.unshift(stepOf(before.what, before.began, before.ended));
    until = before.began;
  }
}

function stepOf(what: string, began: Moment, ended: Moment): Step {
  return { what, ms: ended.atMs - began.atMs, busyMs: ended.busyMs - began.busyMs };
}

function nameOf(request: string): string {
  const [method = '', url = ''] = request.split(' ');
  const path = url.replace(/\?.*/, '');
  if (path.endsWith('/tags/list')) return 'tags';
  if (path.includes('/blobs/uploads')) return method === 'POST' ? 'POST session' : `${method} blob`;
  if (path.includes('/blobs/')) return `${method} blob`;
  return `${method} manifest of ${path.includes('/manifests/index-') ? 'the index' : 'the package'}`;
}
