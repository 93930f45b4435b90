/** What a page may do to a package, by the view that asks. */
export type ManageVerb = 'withdraw' | 'delete';

/** The view of a package's page that promotes it. */
export const promoteView = 'promote';

/** The view of a package's page that asks first, and how it is offered. */
export const manageVerbs: readonly { readonly verb: ManageVerb; readonly label: string }[] = [
  { verb: 'withdraw', label: 'Withdraw this version…' },
  { verb: 'delete', label: 'Delete this version…' },
];

/** The change that a view asks for; undefined where it asks for none. */
export function manageVerbOf(view: string | undefined): ManageVerb | undefined {
  return manageVerbs.find(({ verb }) => verb === view)?.verb;
}
