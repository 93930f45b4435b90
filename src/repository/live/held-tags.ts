import type { IndexContent } from '../index/index-content.ts';
import type { Sightings } from './sightings.ts';

/** Remembers which tags an index said to be held, where the version that took its place says so no more. */
export function rememberHeld(sightings: Sightings, before: IndexContent, after: IndexContent | undefined): void {
  const kept = new Set(after?.runs);
  for (const run of before.runs) {
    if (kept.has(run)) continue;
    for (const { held } of run.files) {
      for (const tag of held) if (after?.byTag().get(tag)?.held.includes(tag) !== true) sightings.held(tag);
    }
  }
}
