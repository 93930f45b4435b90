import type { Command } from 'commander';
import { addExamples } from '../../shared/help.ts';
import type { InSession } from './in-session.ts';
import { outputOption, targetHelp, type OutputOptions } from './options.ts';

/** Adds `images` and `repositories`. */
export function addListingCommands(program: Command, inSession: InSession): void {
  const images = program
    .command('images')
    .description('list the images that hold packages, as far as the registry lists them to this login')
    .argument(
      '<registry>',
      'gateway, such as apk.example.org; only images below it with a path, such as apk.example.org/team',
    )
    .addOption(outputOption())
    .action((target: string, options: OutputOptions) =>
      inSession(async (session) => (await import('../commands/list.ts')).listImages(session, target, options)),
    );
  addExamples(images, ['lkar images apk.example.org']);
  const repositories = program
    .command('repositories')
    .description('list the repositories of an image')
    .argument('<registry>', targetHelp)
    .addOption(outputOption())
    .action((target: string, options: OutputOptions) =>
      inSession(async (session) => (await import('../commands/list.ts')).listRepositories(session, target, options)),
    );
  addExamples(repositories, ['lkar repositories apk.example.org/team/app']);
}
