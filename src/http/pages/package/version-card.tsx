import type { PackageCatalog } from '../../../repository/catalog/package-catalog.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { countOf, formatBytes, shortened } from '../frame/page-text.tsx';
import { Ago } from '../frame/page-time.tsx';
import { shownOf } from './package-relations.ts';

interface VersionCardProps {
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly catalog: PackageCatalog;
  readonly pkg: ListedPackage;
  readonly now: Date;
}

/** The versions of a package, newest first, and how their sizes went. */
export function VersionCard({ place, architecture, catalog, pkg, now }: VersionCardProps) {
  const versions = catalog.versionsOf(pkg.entry.name);
  return (
    <section class="card" aria-labelledby="versions">
      <h2 id="versions">
        Versions <span class="count">{versions.length}</span>
      </h2>
      <SizesOfVersions versions={versions} current={pkg} />
      <ul class="versions">
        {versions.slice(0, shownOf.versions).map((version) => (
          <li>
            <a
              class="version"
              title={version.entry.version}
              href={packageLink(place, architecture, version)}
              aria-current={version.fileName === pkg.fileName ? 'page' : undefined}
            >
              {shortened(version.entry.version, 60)}
            </a>
            <span class="note">
              <Ago date={version.pushedAt} now={now} />
            </span>
          </li>
        ))}
      </ul>
      {versions.length > shownOf.versions && (
        <a href={packageLink(place, architecture, pkg, 'versions')}>Show all {versions.length}</a>
      )}
    </section>
  );
}

const maxBars = 30;
const barWidth = 10;
const barGap = 2;
const height = 40;

/** Sizes over versions, the newest at the right; nothing where there is one alone. */
function SizesOfVersions({ versions, current }: { versions: readonly ListedPackage[]; current: ListedPackage }) {
  if (versions.length < 2) return <></>;
  const shown = versions.slice(0, maxBars).toReversed();
  const sizes = shown.map(({ size }) => size);
  const [least, most] = [Math.min(...sizes), Math.max(1, ...sizes)];
  const summary = `Sizes of ${countOf(shown.length, 'version')}: ${formatBytes(least)} to ${formatBytes(most)}`;
  return (
    <figure class="chart">
      <svg
        viewBox={`0 0 ${Math.max(12, shown.length) * (barWidth + barGap)} ${height}`}
        role="img"
        aria-label={summary}
      >
        {shown.map((one, i) => {
          const bar = Math.max(2, Math.round((one.size / most) * height));
          const place = { x: i * (barWidth + barGap), y: height - bar, width: barWidth, height: bar };
          return (
            <rect {...place} rx="1" class={one.fileName === current.fileName ? 'bar now' : 'bar'}>
              <title>{`${shortened(one.entry.version, 40)}: ${formatBytes(one.size)}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption>
        <span>size</span>
        <span>{least === most ? formatBytes(most) : `${formatBytes(least)} to ${formatBytes(most)}`}</span>
      </figcaption>
    </figure>
  );
}
