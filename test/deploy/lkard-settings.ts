import { createLkardProgram } from '../../src/cli/lkard/lkard-program.ts';
import { runProgram } from '../../src/cli/shared/run-program.ts';
import { readConfig, type Config } from '../../src/config/config.ts';
import { environmentName, settings } from '../../src/config/settings.ts';
import { aTerminal } from '../support/a-terminal.ts';

type Environment = Readonly<Record<string, string>>;

const aesKey = '00'.repeat(32);

/**
 * The configuration that lkard makes of a deployment's flags and variables; throws what lkard says of them. The AES key, which lkard
 * reads at once from a file of the deployment, is replaced.
 */
export async function configOf(args: readonly string[], environment: Environment = {}): Promise<Config> {
  const unknown = Object.keys(environment).filter((name) => name.startsWith('ARTIFACT_REGISTRY_') && !isVariable(name));
  if (unknown.length > 0) throw new Error(`lkard has no variable ${unknown.join(', ')}`);
  const terminal = aTerminal();
  const made: Config[] = [];
  const program = createLkardProgram(terminal, ({ flags }) => {
    made.push(readConfig(flags, withAesKey(environment)));
    return Promise.resolve();
  });
  const given = args.map((arg) => arg.replace(/^--aes-key=\/.*/, `--aes-key=${aesKey}`));
  const exitCode = await runProgram(program, given, terminal);
  if (made[0] === undefined) throw new Error(`lkard ${args.join(' ')} ends with ${exitCode}: ${terminal.said()}`);
  return made[0];
}

function isVariable(name: string): boolean {
  return settings().some((setting) => environmentName(setting.name) === name);
}

function withAesKey(environment: Environment): Environment {
  const name = environmentName('aes-key');
  return environment[name] === undefined ? environment : { ...environment, [name]: aesKey };
}
