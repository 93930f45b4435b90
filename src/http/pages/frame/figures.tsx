import type { Held } from './held.ts';
import { countOf, formatBytes } from './page-text.tsx';
import { Ago } from './page-time.tsx';

/** How much there is and how new it is, the same wherever that is told. */
export function Figures({ held, now }: { readonly held: Held; readonly now: Date }) {
  return (
    <ul class="figures">
      <li>{countOf(held.names, 'package')}</li>
      <li>{countOf(held.versions, 'version')}</li>
      <li>{formatBytes(held.bytes)}</li>
      {held.lastPushed !== undefined && (
        <li>
          pushed <Ago date={held.lastPushed} now={now} />
        </li>
      )}
    </ul>
  );
}

/** A share of the largest as a bar; for eyes alone, since the number is beside it. */
export function Meter({ value, largest }: { readonly value: number; readonly largest: number }) {
  return (
    <svg class="meter" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar none" width="100" height="3" />
      <rect class="bar" width={Math.max(1, (100 * value) / Math.max(1, largest))} height="3" />
    </svg>
  );
}
