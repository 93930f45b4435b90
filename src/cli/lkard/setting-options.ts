import { Option, type Command } from 'commander';
import { helpOf, settings, type GivenSettings, type Setting } from '../../config/settings.ts';

/** A setting as an option of the command line. */
export function optionOf(setting: Setting): Option {
  const { name, kind, value, group } = setting;
  const option = new Option(flagsOf(name, kind, value), helpOf(setting)).helpGroup(`${group}:`);
  return kind === 'list' ? option.argParser(collect) : option;
}

function flagsOf(name: string, kind: Setting['kind'], value: string): string {
  if (kind === 'switch') return `--${name}`;
  return kind === 'optional' ? `--${name} [${value}]` : `--${name} <${value}>`;
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** The settings that the command line gives; an empty object where it gives none. */
export function givenFlags(program: Command): GivenSettings {
  const given = settings().map((setting) => [setting.name, givenValue(program, setting)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function givenValue(program: Command, { name }: Setting): string | true | readonly string[] | undefined {
  const attribute = program.options.find(({ long }) => long === `--${name}`)?.attributeName() ?? name;
  if (program.getOptionValueSource(attribute) !== 'cli') return undefined;
  const value = program.getOptionValue(attribute) as string | boolean | readonly string[];
  // Commander keeps `--no-https` as `https: false`.
  return typeof value === 'boolean' ? true : value;
}
