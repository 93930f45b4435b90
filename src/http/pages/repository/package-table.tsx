import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { packageLink, type RepositoryPlace } from '../frame/page-links.ts';
import { formatBytes, shortened } from '../frame/page-text.tsx';
import { Ago } from '../frame/page-time.tsx';

export interface PackageTableProps {
  readonly place: RepositoryPlace;
  readonly architecture: string;
  readonly packages: readonly ListedPackage[];
  readonly now: Date;
}

/** Characters of a description in a list; its style cuts it to two lines. */
const maxDescription = 300;

/** Packages, one row each. Narrow screens have the last columns below the name. */
export function PackageTable({ place, architecture, packages, now }: PackageTableProps) {
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
          <PackageRow pkg={pkg} href={packageLink(place, architecture, pkg)} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function PackageRow({ pkg, href, now }: { readonly pkg: ListedPackage; readonly href: string; readonly now: Date }) {
  const { name, version, description, license } = pkg.entry;
  return (
    <tr>
      <th scope="row">
        <a class="name" href={href} title={name}>
          {name}
        </a>
        <span class="description" dir="auto">
          {shortened(description, maxDescription)}
        </span>
        <span class="narrow note">
          {formatBytes(pkg.size)}, <Ago date={pkg.pushedAt} now={now} />
        </span>
      </th>
      <td>
        <span class="version" title={version}>
          {version}
        </span>
      </td>
      <td class="number wide">{formatBytes(pkg.size)}</td>
      <td class="wide">
        <Ago date={pkg.pushedAt} now={now} />
      </td>
      <td class="wider licence">{license}</td>
    </tr>
  );
}
