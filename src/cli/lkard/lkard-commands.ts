import { Option, type Command } from 'commander';
import { settings, type GivenSettings, type SettingName } from '../../config/settings.ts';
import { parseAgeOption } from '../shared/duration-option.ts';
import { givenFlags, optionOf } from './setting-options.ts';

/** What `lkard gc` is asked. */
export interface GarbageRequest {
  readonly flags: GivenSettings;
  readonly olderThanMs: number;
  readonly isDryRun: boolean;
}

/** What `lkard verify` is asked. */
export interface VerifyRequest {
  readonly flags: GivenSettings;
  readonly image: string;
  readonly branch: string;
  readonly repository: string;
  readonly isRepair: boolean;
}

/** What `lkard resign` is asked. */
export interface ResignRequest {
  readonly flags: GivenSettings;
  readonly image: string;
  /** A key in the image that is to go first. */
  readonly drop: string | undefined;
}

/** What `lkard export` and `lkard import` are asked. */
export interface LayoutRequest {
  readonly flags: GivenSettings;
  readonly image: string;
  readonly folder: string;
  /** Whether sealed signing keys come along. */
  readonly hasKeys: boolean;
}

/** What `lkard copy` is asked. */
export interface CopyRequest extends Omit<LayoutRequest, 'folder'> {
  /** `REGISTRY/IMAGE` */
  readonly target: string;
  readonly isPlainHttp: boolean;
  readonly isInsecure: boolean;
}

/** What lkard does besides serving. */
export interface LkardCommands {
  collectGarbage(request: GarbageRequest): Promise<void>;
  verify(request: VerifyRequest): Promise<void>;
  resign(request: ResignRequest): Promise<void>;
  exportImage(request: LayoutRequest): Promise<void>;
  importImage(request: LayoutRequest): Promise<void>;
  copyImage(request: CopyRequest): Promise<void>;
}

const storeSettings: readonly SettingName[] = [
  ...(['backend', 'no-https', 'insecure', 'client-ca', 'registry-auth-file', 'data'] as const),
  ...(['signing-key', 'aes-key', 'key-passphrase', 'key-passphrase-file', 'publish-timeout', 'log-level'] as const),
];
const copySettings: readonly SettingName[] = [
  ...(['backend', 'no-https', 'insecure', 'client-ca', 'registry-auth-file', 'data', 'log-level'] as const),
  ...(['aes-key', 'key-passphrase', 'key-passphrase-file'] as const),
];
const hourMs = 3_600_000;

/** Adds the commands for operators. An image that is called like one of them is served with `--domain` or `/apk/<image>`. */
export function addLkardCommands(program: Command, commands: LkardCommands): void {
  const gc = program
    .command('gc')
    .description('remove from the embedded store what no package and no index needs; gateways may run meanwhile')
    .addOption(
      new Option('--older-than <DURATION>', 'only what is older').argParser(parseAgeOption).default(hourMs, '1h'),
    )
    .option('--dry-run', 'only say what would be removed')
    .action((options: { olderThan: number; dryRun?: boolean }) =>
      commands.collectGarbage({
        flags: flagsOf(program, gc),
        olderThanMs: options.olderThan,
        isDryRun: options.dryRun === true,
      }),
    );
  addSettings(gc, ['data']);

  const verify = program
    .command('verify')
    .description('compare listing, indexes and packages by digest; exit code 1 where something is wrong')
    .argument('<image>', 'such as team/app')
    .argument('<branch>', 'such as edge')
    .argument('<repository>', 'such as main')
    .option('--repair', 'put indexes that list what is there')
    .action((image: string, branch: string, repository: string, options: { repair?: boolean }) =>
      commands.verify({
        flags: flagsOf(program, verify),
        ...{ image, branch, repository },
        isRepair: options.repair === true,
      }),
    );
  addSettings(verify, storeSettings);

  const resign = program
    .command('resign')
    .description(
      "sign an image's indexes with its keys and no other: after a key was dropped, or several were made at once",
    )
    .argument('<image>', 'such as team/app')
    .option('--drop <KEY>', 'first remove this key from the image, by the name that clients have it under')
    .action((image: string, { drop }: { drop?: string }) =>
      commands.resign({ flags: flagsOf(program, resign), image, drop }),
    );
  addSettings(resign, storeSettings);
  addCopyCommands(program, commands);
}

function addCopyCommands(program: Command, commands: LkardCommands): void {
  const withoutKeys = () => new Option('--without-keys', 'leave signing keys out (they come sealed as they are)');
  const imageHelp = 'such as team/app';

  const exporting = program
    .command('export')
    .description('write an image into a folder, as an OCI image layout; again, it adds what is new')
    .argument('<image>', imageHelp)
    .argument('<folder>', 'made where it is not there')
    .addOption(withoutKeys())
    .action((image: string, folder: string, { withoutKeys: isWithout }: CopyFlags) =>
      commands.exportImage({ flags: flagsOf(program, exporting), image, folder, hasKeys: isWithout !== true }),
    );
  const importing = program
    .command('import')
    .description('put what such a folder holds into an image; what is there stays')
    .argument('<folder>', 'an OCI image layout that lkard export wrote')
    .argument('<image>', imageHelp)
    .addOption(withoutKeys())
    .action((folder: string, image: string, { withoutKeys: isWithout }: CopyFlags) =>
      commands.importImage({ flags: flagsOf(program, importing), image, folder, hasKeys: isWithout !== true }),
    );
  const copying = program
    .command('copy')
    .description('copy an image to a registry; again, it adds what is new')
    .argument('<image>', imageHelp)
    .argument('<target>', 'REGISTRY/IMAGE, such as registry.example.org/team/app')
    .addOption(withoutKeys())
    .option('--to-plain-http', 'speak plain HTTP to the target (always so to this machine, unless https:// is said)')
    .option('--to-insecure', "don't check the target's certificate")
    .action((image: string, target: string, options: CopyFlags) =>
      commands.copyImage({
        flags: flagsOf(program, copying),
        ...{ image, target, hasKeys: options.withoutKeys !== true },
        ...{ isPlainHttp: options.toPlainHttp === true, isInsecure: options.toInsecure === true },
      }),
    );
  for (const command of [exporting, importing, copying]) addSettings(command, copySettings);
}

interface CopyFlags {
  readonly withoutKeys?: boolean;
  readonly toPlainHttp?: boolean;
  readonly toInsecure?: boolean;
}

function addSettings(command: Command, names: readonly SettingName[]): void {
  for (const setting of settings()) {
    if (names.some((name) => name === setting.name)) command.addOption(optionOf(setting));
  }
}

/** Settings may stand before the command's name as well. */
function flagsOf(program: Command, command: Command): GivenSettings {
  return { ...givenFlags(program), ...givenFlags(command) };
}
