import type { SettingRow } from './setting.ts';
import { settingGroups, type SettingRows } from './setting-table.ts';

/** The name of any setting. */
export type SettingName = keyof SettingRows;

/** One setting of lkard: `--name` on the command line, `ARTIFACT_REGISTRY_NAME` in the environment. */
export interface Setting extends SettingRow<string, unknown> {
  readonly name: string;
  readonly group: string;
}

/** Every setting, in the order in which help lists them. */
export function settings(): readonly Setting[] {
  return Object.entries(settingGroups).flatMap(([group, rows]) =>
    Object.entries<SettingRow<string, unknown>>(rows).map(([name, row]) => ({ ...row, name, group })),
  );
}

/** What help says of a setting: what it does, what it is where it isn't given, and whether it may be given again. */
export function helpOf({ help, usual, kind }: Setting): string {
  const isAgain = kind === 'list' ? '; may be repeated' : '';
  return `${help}${usual === undefined ? '' : ` (default ${usual})`}${isAgain}`;
}

/** Settings as given, by name: a switch is true. */
export type GivenSettings = Readonly<Record<string, string | true | readonly string[] | undefined>>;

/** The variable that gives a setting: `--no-https` is `ARTIFACT_REGISTRY_NO_HTTPS`. */
export function environmentName(name: string): string {
  return `ARTIFACT_REGISTRY_${name.toUpperCase().replaceAll('-', '_')}`;
}
