import { Argument, type Command, type Option } from 'commander';
import { readProgramFile } from '../../files/program-file.ts';
import type { Terminal } from './terminal.ts';

const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

/** What the scripts read in the last line of an answer (cobra's directives): file names where nothing else fits. */
const fileNames = ':0\n';

/** The library adds the command to what it reads. */
const described = { completionCommandName: 'completion' };

/**
 * Adds `completion`, which prints a script for a shell, and `complete`, which such a script asks. `describe` makes the program
 * once more, for the library to read.
 */
export function addCompletion(program: Command, { stdout }: Pick<Terminal, 'stdout'>, describe: () => Command): void {
  program
    .command('completion')
    .description('print a script by which a shell completes commands, options and file names')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .action(async (shell: string) => {
      const name = program.name();
      if (shell === 'bash') stdout.write(bashScript(name));
      else (await import('@bomb.sh/tab')).script(shell, name, name);
    });
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      if (wantsFile(program, words)) stdout.write(fileNames);
      else (await import('@bomb.sh/tab/commander')).default(describe(), described).parse(words);
    });
}

/** The library's own script needs the bash-completion package, and fails where it is sourced twice. */
function bashScript(name: string): string {
  const text = readProgramFile('#assets/completion.bash').toString();
  return text.replaceAll('PROGRAM', name);
}

/** Whether the last of these words is where the program takes a file or a folder. */
export function wantsFile(program: Command, words: readonly string[]): boolean {
  let command = program;
  let given = 0;
  let open: Option | undefined;
  for (const word of words.slice(0, -1)) {
    const below = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (open !== undefined) open = undefined;
    else if (word.startsWith('-')) open = valueOption(command, word);
    else if (below !== undefined) command = below;
    else given += 1;
  }
  if (open !== undefined) return isFileName(open.flags);
  const taken = command.registeredArguments;
  const argument = taken[given] ?? (taken.at(-1)?.variadic === true ? taken.at(-1) : undefined);
  return argument !== undefined && words.at(-1)?.startsWith('-') !== true && isFileName(argument.name());
}

/** The option that a word names, where its value is the next word. */
function valueOption(command: Command, word: string): Option | undefined {
  const own = command.options.find(({ short, long, required }) => required && (word === short || word === long));
  return own ?? (command.parent === null ? undefined : valueOption(command.parent, word));
}

function isFileName(text: string): boolean {
  return /\b(file|dir|folder|path)\b/i.test(text);
}
