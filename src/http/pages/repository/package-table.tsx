import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { Day, formatBytes } from '../frame/page-text.tsx';

export interface PackageTableProps {
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly packages: readonly ListedPackage[];
}

/** Packages, one row each. Narrow screens leave the last columns out. */
export function PackageTable({ place, architecture, packages }: PackageTableProps) {
  if (packages.length === 0) return <p class="empty">Nothing found.</p>;
  return (
    <table class="packages">
      <thead>
        <tr>
          <th scope="col">Package</th>
          <th scope="col">Version</th>
          <th scope="col" class="number wide">
            Size
          </th>
          <th scope="col" class="wide">
            Pushed
          </th>
          <th scope="col" class="wider">
            Licence
          </th>
        </tr>
      </thead>
      <tbody>
        {packages.map((pkg) => (
          <tr>
            <th scope="row">
              <a href={packageLink(place, architecture, pkg)}>{pkg.entry.name}</a>
              <span class="description">{pkg.entry.description}</span>
            </th>
            <td class="version" title={pkg.entry.version}>
              {pkg.entry.version}
            </td>
            <td class="number wide">{formatBytes(pkg.size)}</td>
            <td class="wide">
              <Day date={pkg.pushedAt} />
            </td>
            <td class="wider licence">{pkg.entry.license}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
