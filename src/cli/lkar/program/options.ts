import { InvalidArgumentError, Option } from 'commander';
import { outputFormats, type OutputFormat } from '../../shared/output-format.ts';

/** What `REGISTRY[/IMAGE]` means, for help texts. */
export const targetHelp =
  'gateway and image, such as apk.example.org/team/app, or an address from the browser; without the image where it serves one alone';

/** What `-o` gives. */
export interface OutputOptions {
  readonly output: OutputFormat;
}

/** `-o, --output` of a listing. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print it').choices(outputFormats).default('table');
}

/** `--from-file`, where names come from beside the command line. */
export function fromFileOption(what: string): Option {
  return new Option('--from-file <file>', `${what} from this file as well, one a line; - is standard input`);
}

/** How often a request is sent, from 1 to 99. */
export function parseTries(text: string): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number from 1 to 99 is wanted');
}

/** The values of an option that may be given again and again: none of them swallows an argument behind it. */
export function patterns(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
