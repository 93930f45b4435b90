// Makes a clone ready: dependencies, the built program and, with --with-tests, the programs that the tests run against.
// Runs before anything is installed, so it may import nothing but Node's own modules.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const builtProgram = path.join(root, 'dist', 'lkard.js');
const testPrograms = ['docker-registry', 'busybox', 'dash', 'curl', 'htpasswd'];
// Where a package isn't called like its program.
const packageNames = {
  'apt-get': { htpasswd: 'apache2-utils' },
  apk: { htpasswd: 'apache2-utils' },
  dnf: { 'docker-registry': 'docker-distribution', htpasswd: 'httpd-tools' },
};
const installers = [
  { program: 'apt-get', refresh: ['update', '-qq'], install: ['install', '-y', '-qq', '--no-install-recommends'] },
  { program: 'apk', refresh: undefined, install: ['add', '--no-cache', '--quiet'] },
  { program: 'dnf', refresh: undefined, install: ['install', '-y', '--quiet'] },
];

installDependencies();
build();
if (process.argv.includes('--with-tests')) provideTestPrograms();

function installDependencies() {
  const installed = modifiedAt(path.join(root, 'node_modules', '.package-lock.json'));
  if (installed >= modifiedAt(path.join(root, 'package-lock.json'))) return;
  console.error('installing dependencies');
  const options = ['--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', ['ci', ...options], { cwd: root, stdio: 'ignore' });
  // A lock file made where other platforms' optional packages can't be had lacks them: npm ci refuses it (npm/cli #4828),
  // npm install takes the same versions from it.
  if (status !== 0) run('npm', ['install', '--no-save', ...options]);
}

function build() {
  const inputs = ['package-lock.json', 'package.json', 'tsconfig.json', 'scripts/build.mjs'].map((name) =>
    path.join(root, name),
  );
  const newest = Math.max(...[...inputs, ...filesUnder(path.join(root, 'src'))].map(modifiedAt));
  if (modifiedAt(builtProgram) >= newest) return;
  console.error('building');
  run(process.execPath, [path.join(root, 'scripts', 'build.mjs')]);
}

function provideTestPrograms() {
  const installer = installers.find(({ program }) => isOnPath(program));
  const missing = missingPrograms();
  if (missing.length === 0) return;
  if (installer !== undefined && process.getuid?.() === 0) install(installer, missing);
  const stillMissing = missingPrograms();
  if (stillMissing.length === 0) return;
  console.error(`some tests can't run: install ${stillMissing.join(', ')} with the system's package manager`);
  if (process.env.CI === 'true') process.exit(1);
}

function missingPrograms() {
  const isGiven = (program) => program === 'docker-registry' && existsSync(process.env.DOCKER_REGISTRY ?? '');
  return testPrograms.filter((program) => !isGiven(program) && !isOnPath(program));
}

function install({ program, refresh, install: options }, missing) {
  console.error(`installing ${missing.join(', ')}`);
  // RUNLEVEL keeps Debian from starting a registry of its own beside the tests'.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const names = missing.map((name) => packageNames[program]?.[name] ?? name);
  if (refresh !== undefined) spawnSync(program, refresh, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  spawnSync(program, [...options, ...names], { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error !== undefined) console.error(`${program}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function filesUnder(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  // A folder's own time tells of files that went away.
  return entries.map((entry) => path.join(entry.parentPath, entry.name));
}

function modifiedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function isOnPath(program) {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
