import type { Child } from 'hono/jsx';
import { Layout, type Crumb, type PageFrame } from '../frame/layout.tsx';
import type { RepositoryPlace } from '../frame/page-links.ts';
import { pastLink } from './past-views.ts';

/** What each page of a repository's past needs. */
export interface PastFrameProps {
  readonly frame: PageFrame;
  readonly place: RepositoryPlace;
  /** Down to the repository. */
  readonly crumbs: readonly Crumb[];
  /** Undefined where the image may not be named. */
  readonly image: string | undefined;
}

const titles = { history: 'History', snapshots: 'Snapshots', withdrawn: 'Withdrawn' } as const;

/** Whether who looks at a page is somebody whose changes pages take. */
export function mayAskForChanges({ user, canLogIn }: PageFrame): boolean {
  return user !== undefined && canLogIn;
}

/** The frame of those pages, with the ways between them. */
export function PastFrame(props: PastFrameProps & { readonly view: keyof typeof titles; readonly children: Child }) {
  const { frame, place, crumbs, image, view, children } = props;
  const where = `${place.at.branch}/${place.at.repository}`;
  const title = titles[view];
  const views = ['history', 'snapshots', 'withdrawn'] as const;
  return (
    <Layout frame={frame} title={`${title}: ${where}`} crumbs={[...crumbs, { label: title }]} search={{ near: image }}>
      <h1>
        <span class="quiet">{where}</span> {title}
      </h1>
      <nav aria-label="Over time">
        <ul class="tabs">
          <li>
            <a href={place.path}>Packages</a>
          </li>
          {views.map((one) => (
            <li>
              <a href={pastLink(place, one)} aria-current={one === view ? 'page' : undefined}>
                {titles[one]}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      {children}
    </Layout>
  );
}
