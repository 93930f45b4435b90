import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { Meter } from '../frame/figures.tsx';
import { formatBytes, shortened } from '../frame/page-text.tsx';

export interface SizeChartProps {
  readonly place: RepositoryPlace;
  readonly architecture: string;
  /** Largest first. */
  readonly largest: readonly ListedPackage[];
  readonly totalBytes: number;
}

/** The largest packages beside each other; nothing where there are too few to compare. */
export function SizeChart({ place, architecture, largest, totalBytes }: SizeChartProps) {
  const most = largest[0]?.size ?? 0;
  if (largest.length < 2 || most === 0) return <></>;
  const share = Math.round((100 * largest.reduce((sum, { size }) => sum + size, 0)) / totalBytes);
  return (
    <section class="card" aria-labelledby="largest">
      <h2 id="largest">Largest</h2>
      <ul class="sizes">
        {largest.map((pkg) => (
          <li>
            <a href={packageLink(place, architecture, pkg)}>
              {shortened(pkg.entry.name, 60)} {shortened(pkg.entry.version, 40)}
            </a>
            <span class="number">{formatBytes(pkg.size)}</span>
            <Meter value={pkg.size} largest={most} />
          </li>
        ))}
      </ul>
      {share < 100 && <p class="note">{share} % of the bytes here</p>}
    </section>
  );
}
