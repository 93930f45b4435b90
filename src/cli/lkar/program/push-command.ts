import { Option, type Command } from 'commander';
import { parseDurationOption } from '../../shared/duration-option.ts';
import { addExamples } from '../../shared/help.ts';
import type { PushOptions } from '../changes/push.ts';
import type { InSession } from './in-session.ts';
import { fromFileOption, outputOption, targetHelp } from './options.ts';

/** Adds `push` and its other names. */
export function addPushCommand(parent: Command, inSession: InSession): void {
  const push = parent
    .command('push')
    .aliases(['put', 'create', 'upload'])
    .description('push packages: all of them appear at once, or none')
    .argument('<registry>', targetHelp)
    .argument('<branch>', 'such as edge or v3.22')
    .argument('<repository>', 'such as main')
    .argument('[path...]', '.apk files')
    .addOption(fromFileOption('take paths'))
    .option('--batches', 'send more files than one push takes as several pushes, each of which appears by itself')
    .option('--wait <registry>', 'end only once this gateway serves them')
    .addOption(
      new Option('--wait-timeout <duration>', 'how long that may take')
        .argParser(parseDurationOption)
        .default(60_000, '60s'),
    )
    .addOption(outputOption())
    .action((target: string, branch: string, repository: string, paths: string[], options: PushOptions) =>
      inSession(async (session) => {
        const place = { target, branch, repository };
        await (await import('../changes/push.ts')).push(session, place, paths, options);
      }),
    );
  addExamples(push, [
    'lkar push apk.example.org/team/app edge main hello-1.0-r0.apk',
    'lkar push http://127.0.0.1:9887/apk/team/app/edge/main packages/*/*.apk',
    "find packages -name '*.apk' | lkar push apk.example.org/team/app edge main --from-file -",
  ]);
}
