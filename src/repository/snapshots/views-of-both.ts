import { snapshotIn, type Group } from '../../protocol/coordinates.ts';
import type { IndexServing } from '../views/index-serving.ts';
import type { IndexViews } from '../views/index-views.ts';

/** Repositories' indexes and those of their snapshots, each by what stands in the branch's place. */
export function viewsOfBoth(branches: IndexViews, snapshots: IndexServing): IndexViews {
  const of = ({ branch }: Group): IndexServing => (snapshotIn(branch) === undefined ? branches : snapshots);
  return {
    authorize: (reader, image, call) => branches.authorize(reader, image, call),
    serve: (reader, group) => of(group).serve(reader, group),
    peek: (reader, group) => of(group).peek(reader, group),
    hadNothing: (reader, group) => of(group).hadNothing(reader, group),
    offer(group, seen, beganMs) {
      of(group).offer(group, seen, beganMs);
    },
    suspect(group) {
      of(group).suspect(group);
    },
    delisted: (group, fileName) => of(group).delisted(group, fileName),
  };
}
