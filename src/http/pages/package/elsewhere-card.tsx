import { packageLink } from '../frame/page-links.ts';
import { shortened } from '../frame/page-text.tsx';
import type { FoundElsewhere } from './surroundings.ts';

/** Rows that are shown; there are at most as many as indexes were opened. */
const maxRows = 24;

interface ElsewhereCardProps {
  readonly name: string;
  readonly found: readonly FoundElsewhere[];
  readonly isComplete: boolean;
}

/** The same package on other architectures and in other branches and repositories of the image. */
export function ElsewhereCard({ name, found, isComplete }: ElsewhereCardProps) {
  if (found.length === 0) return <></>;
  return (
    <section class="card" aria-labelledby="elsewhere">
      <h2 id="elsewhere">Also here</h2>
      <ul class="versions">
        {found.slice(0, maxRows).map(({ index, pkg }) => (
          <li>
            <a href={packageLink(index.place, index.architecture, pkg)} title={`${shortened(name, 60)} there`}>
              {index.place.at.branch}/{index.place.at.repository} {pkg.architecture}
            </a>
            <span class="note version" title={pkg.entry.version}>
              {shortened(pkg.entry.version, 40)}
            </span>
          </li>
        ))}
      </ul>
      {(!isComplete || found.length > maxRows) && <p class="note">There may be more.</p>}
    </section>
  );
}
