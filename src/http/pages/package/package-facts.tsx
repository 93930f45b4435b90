import type { Child } from 'hono/jsx';
import { isV3Entry } from '../../../apk/index-v3/index-v3-record.ts';
import type { PackageSignature } from '../../../repository/artifacts/package-signature.ts';
import type { ListedPackage } from '../../../repository/service/catalog.ts';
import { formatBytes, WebLink } from '../frame/page-text.tsx';
import { Ago, Day } from '../frame/page-time.tsx';
import { CopyLine } from '../recipes/copy-text.tsx';

interface PackageFactsProps {
  readonly pkg: ListedPackage;
  readonly now: Date;
  /** The page of its source package, where there is one. */
  readonly sourceLink: string | undefined;
}

/** What is known of a package, as far as somebody said it. */
export function PackageFacts({ pkg, now, sourceLink }: PackageFactsProps) {
  const { entry } = pkg;
  return (
    <dl class="facts">
      <Fact name="Licence">{entry.license}</Fact>
      <Fact name="Website">{entry.url !== '' && <WebLink url={entry.url} />}</Fact>
      <Fact name="Maintainer">{entry.maintainer}</Fact>
      <Fact name="Architecture">{pkg.architecture}</Fact>
      <Fact name="Format">{isV3Entry(entry) ? 'v3, for apk 3 alone' : 'v2, for apk 2 and 3'}</Fact>
      <Fact name="Installed size">{formatBytes(Number(entry.installedSize))}</Fact>
      <Fact name="Built">{entry.buildTime !== undefined && <Day date={new Date(entry.buildTime * 1000)} />}</Fact>
      <Fact name="Pushed">
        <>
          <Ago date={pkg.pushedAt} now={now} />
          {byWhom(pkg.pushedBy)}
        </>
      </Fact>
      <Fact name="Promoted">
        {pkg.provenance?.promotedFrom !== undefined &&
          `from ${pkg.provenance.promotedFrom}${byWhom(pkg.provenance.promotedBy)}`}
      </Fact>
      <Fact name="Restored">{pkg.provenance?.restoredBy && `by ${pkg.provenance.restoredBy}`}</Fact>
      <Fact name="Packager">{pkg.packager}</Fact>
      <Fact name="Source package">
        {sourceLink === undefined ? entry.origin : <a href={sourceLink}>{entry.origin}</a>}
      </Fact>
      <Fact name="Commit">{entry.commit !== undefined && <code>{entry.commit}</code>}</Fact>
      <Fact name="Signature">
        <Signature signature={pkg.signature} />
      </Fact>
      <Fact name="SHA-256">
        <CopyLine id="digest" label="SHA-256" text={pkg.digest.replace('sha256:', '')} />
      </Fact>
    </dl>
  );
}

function byWhom(name: string | undefined): string {
  return name === undefined ? '' : ` by ${name}`;
}

function Fact({ name, children }: { readonly name: string; readonly children?: Child }) {
  if (children === undefined || children === false || children === '') return <></>;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What was found out of the package's own signature at its push; apk itself trusts the index, which has the file's hash. */
function Signature({ signature: { verdict, keyNames } }: { readonly signature: PackageSignature }) {
  const names = keyNames.join(', ');
  switch (verdict) {
    case 'valid':
      return <span class="good">good, by {names}</span>;
    case 'unknown':
      return <span>by {names}, which is no key known here</span>;
    case 'invalid':
      return <span class="bad">not by {names}, although it says so</span>;
    case 'none':
      return <span>none of its own; the signed index vouches for it</span>;
    case 'unchecked':
      return (
        <span>{names === '' ? 'not looked at' : `by ${names}, not checked`}; the signed index vouches for it</span>
      );
  }
}
