/** What may go wrong beside faults between a gateway and its registry, deaths and interruptions; each can be left out of a run. */
export const chaosTroubles = [
  'pauses', // gateways stand still for seconds
  'clocks', // each gateway's clock is off by minutes
  'front end', // bare pages of 404 and 503 for moments
  'throttling', // 429 with a Retry-After for all requests
  'registry pauses', // the registry stands still
  'collections', // the registry collects its garbage while it runs, and goes on claiming what it took
  'balancer', // what was answered is read through another gateway at once
  'changes', // no trouble: packages are withdrawn, restored, promoted, moved and kept in snapshots too
] as const;
export type ChaosTrouble = (typeof chaosTroubles)[number];
export type ChaosTroubles = ReadonlySet<ChaosTrouble>;

/** Those of a list with commas; throws where one of them is none. */
export function parseTroubles(list: string): ChaosTroubles {
  const wanted = list.split(',').filter((one) => one !== '');
  const known = chaosTroubles.filter((one) => wanted.includes(one));
  if (known.length < wanted.length) throw new Error(`troubles are ${chaosTroubles.join(', ')}`);
  return new Set(known);
}
