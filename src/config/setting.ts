import * as z from 'zod';
import { durationValue, limitValue, sizeValue, textValue } from './values.ts';

/** How a setting is given: a value, a switch without one, a value that may be left out, or a value several times. */
export type SettingKind = 'text' | 'switch' | 'optional' | 'list';

/** One row of the table of settings: all that is said of a setting. */
export interface SettingRow<Field extends string, Output> {
  readonly kind: SettingKind;
  /** Where it is in the configuration, `section.field` or `field`; empty for one that others are made of. */
  readonly field: Field;
  /** What its value is called in help texts; empty for a switch. */
  readonly value: string;
  readonly help: string;
  /** What it is where it isn't given, as one would write it or in words. */
  readonly usual: string | undefined;
  /** Its grammar; where nothing is given it has the default. */
  readonly schema: z.ZodType<Output>;
}

/** A setting with a value, undefined where it isn't given; `usual` says in words what then comes of it. */
export function text<Field extends string, Output>(
  field: Field,
  value: string,
  grammar: z.ZodType<Output, string>,
  help: string,
  usual?: string,
): SettingRow<Field, Output | undefined> {
  return { kind: 'text', field, value, help, usual, schema: grammar.optional() };
}

/** A setting with a value and a default, which goes through the same grammar. */
export function textOr<Field extends string, Output>(
  field: Field,
  value: string,
  grammar: z.ZodType<Output, string>,
  usual: string,
  help: string,
): SettingRow<Field, Output> {
  return { kind: 'text', field, value, help, usual, schema: grammar.prefault(usual) };
}

/** The path of a file, undefined where it isn't given. */
export function file<Field extends string>(field: Field, help: string, usual?: string) {
  return text(field, 'FILE', textValue, help, usual);
}

/** A duration, in milliseconds. */
export function duration<Field extends string>(field: Field, usual: string, help: string) {
  return textOr(field, 'DURATION', durationValue, usual, help);
}

/** A size, in bytes. */
export function size<Field extends string>(field: Field, usual: string, help: string) {
  return textOr(field, 'SIZE', sizeValue, usual, help);
}

/** A whole number, which may be 0. */
export function limit<Field extends string>(field: Field, usual: string, help: string) {
  return textOr(field, 'COUNT', limitValue, usual, help);
}

/** The name of an image with places that a path fills in. */
export function template<Field extends string>(field: Field, usual: string, help: string) {
  return textOr(field, 'TEMPLATE', textValue, usual, help);
}

/** A setting with a value that may be left out, true then; undefined where it isn't given. */
export function optional<Field extends string, Output>(
  field: Field,
  value: string,
  grammar: z.ZodType<Output, string | true>,
  help: string,
  usual?: string,
): SettingRow<Field, Output | undefined> {
  return { kind: 'optional', field, value, help, usual, schema: grammar.optional() };
}

/** A switch, false unless it is given. */
export function switchOn<Field extends string>(field: Field, help: string): SettingRow<Field, boolean> {
  return switchOf(field, help, (isGiven) => isGiven);
}

/** A switch that takes something away: true unless it is given. */
export function switchOff<Field extends string>(field: Field, help: string): SettingRow<Field, boolean> {
  return switchOf(field, help, (isGiven) => !isGiven);
}

function switchOf<Field extends string>(field: Field, help: string, meaning: (isGiven: boolean) => boolean) {
  const schema = z
    .literal(true)
    .optional()
    .transform((given) => meaning(given === true));
  return { kind: 'switch', field, value: '', help, usual: undefined, schema } as const;
}

/** A setting that may be given several times; empty where it isn't. */
export function list<Field extends string>(
  field: Field,
  value: string,
  help: string,
  usual?: string,
): SettingRow<Field, readonly string[]> {
  return { kind: 'list', field, value, help, usual, schema: z.array(textValue).default([]) };
}
