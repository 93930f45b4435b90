import { NOARCH } from '../../../apk/architectures.ts';
import type { PublicKey } from '../../../repository/service/reading.ts';

/** One way to use or feed a repository, as text to copy. */
export interface Recipe {
  readonly id: string;
  readonly title: string;
  /** What the text is put into, or what to mind. */
  readonly note?: string | undefined;
  readonly text: string;
}

/** What recipes are made of. */
export interface RecipeTarget {
  /** The repository's URL without slash at its end. */
  readonly url: string;
  /** The primary key; undefined where there is none yet. */
  readonly key: Pick<PublicKey, 'fileName' | 'pem'> | undefined;
  /** Whether the repository wants credentials. */
  readonly isPrivate: boolean;
  readonly architecture: string;
  /** A package to name, as apk's world has it: `name` or `name=version`; default `PACKAGE`. */
  readonly packageName?: string | undefined;
  /** That package's format, which only apk 3 knows where it is v3; default v2. */
  readonly format?: 'v2' | 'v3' | undefined;
}

const alpine = 'alpine:3.22';

/** How to install from a repository, the shortest way first. */
export function useRecipes(target: RecipeTarget): readonly Recipe[] {
  if (target.format === 'v3') return [setupRecipe(target), v3Recipe(target)];
  return [
    setupRecipe(target),
    manualRecipe(target),
    v3Recipe(target),
    dockerfileRecipe(target),
    apkoRecipe(target),
    githubRecipe(target),
    gitlabRecipe(target),
  ];
}

function setupRecipe({ url, isPrivate, packageName = 'PACKAGE' }: RecipeTarget): Recipe {
  // Alpine ships BusyBox's wget, which sends no credentials, and no curl.
  const fetch = isPrivate ? 'curl -fsS -u USER' : 'wget -qO-';
  const text = `${fetch} ${url}/setup | sh\napk -U add ${packageName}`;
  return { id: 'setup', title: 'Setup script', note: 'As root, on Alpine or OpenWrt.', text };
}

function manualRecipe(target: RecipeTarget): Recipe {
  const { url, packageName = 'PACKAGE' } = target;
  const text = [keyCommand(target), `echo ${url} >> /etc/apk/repositories`, `apk -U add ${packageName}`].join('\n');
  const note = target.isPrivate ? "Credentials: export HTTP_AUTH='basic:*:USER:PASSWORD' first." : undefined;
  return { id: 'manual', title: 'By hand', note, text };
}

/** The line of apk 3's own index, which lists packages of both formats. */
function v3Recipe(target: RecipeTarget): Recipe {
  const { url, packageName = 'PACKAGE' } = target;
  const line = `echo 'v3 ${url}' >> /etc/apk/repositories`;
  const text = [keyCommand(target), line, `apk -U add ${packageName}`].join('\n');
  const note = 'Alpine from 3.23 on, and OpenWrt, whose list is /etc/apk/repositories.d/customfeeds.list.';
  return { id: 'apk3', title: 'apk 3', note, text };
}

function dockerfileRecipe({ url, key, isPrivate, packageName = 'PACKAGE' }: RecipeTarget): Recipe {
  const secret = '--mount=type=secret,id=apk_auth HTTP_AUTH="$(cat /run/secrets/apk_auth)" ';
  const text = [
    '# syntax=docker/dockerfile:1',
    `FROM ${alpine}`,
    ...(key === undefined ? [] : [`COPY <<EOF /etc/apk/keys/${key.fileName}`, key.pem.trimEnd(), 'EOF']),
    `RUN echo ${url} >> /etc/apk/repositories`,
    `RUN ${isPrivate ? secret : ''}apk -U --no-cache add ${packageName}`,
  ].join('\n');
  const note = isPrivate
    ? 'No layer keeps the credentials: a file apk_auth has the line basic:*:USER:PASSWORD, and docker build --secret id=apk_auth,src=apk_auth . hands it in.'
    : undefined;
  return { id: 'dockerfile', title: 'Dockerfile', note, text };
}

function apkoRecipe({ url, key, architecture, packageName = 'PACKAGE', isPrivate }: RecipeTarget): Recipe {
  const text = [
    'contents:',
    '  keyring:',
    `    - ${url}/${key?.fileName ?? 'KEY.rsa.pub'}`,
    '  repositories:',
    `    - ${url}`,
    '  packages:',
    `    - ${packageName}`,
    // Without, apko builds for every architecture that it knows, and fails at the first that isn't here.
    `archs: [${architecture === NOARCH ? 'x86_64' : architecture}]`,
  ].join('\n');
  const notes = [
    ...(isPrivate ? [`Credentials: HTTP_AUTH='basic:${new URL(url).host}:USER:PASSWORD' apko build …`] : []),
    ...(looksLikeAlpine(url) ? [alpineNote] : []),
  ];
  const note = notes.length === 0 ? undefined : notes.join(' ');
  return { id: 'apko', title: 'apko', note, text };
}

const alpineNote =
  'apko takes an address that ends in /alpine/BRANCH/REPOSITORY for Alpine’s own, and asks alpinelinux.org for its keys as well: better not to call an image so.';

/** apko looks at the end of the path alone. */
function looksLikeAlpine(url: string): boolean {
  return /\/alpine\/[^/]+\/[^/]+$/.test(url);
}

function githubRecipe(target: RecipeTarget): Recipe {
  const { url, isPrivate, packageName = 'PACKAGE' } = target;
  const text = [
    'jobs:',
    '  build:',
    '    runs-on: ubuntu-latest',
    `    container: ${alpine}`,
    ...(isPrivate ? ['    env:', '      HTTP_AUTH: ${{ secrets.HTTP_AUTH }}'] : []),
    '    steps:',
    '      - run: |',
    ...indented(keyCommand(target), 10),
    `          echo ${url} >> /etc/apk/repositories`,
    `          apk -U add ${packageName}`,
  ].join('\n');
  const note = isPrivate ? 'The secret HTTP_AUTH holds basic:*:USER:PASSWORD.' : undefined;
  return { id: 'github', title: 'GitHub Actions', note, text };
}

function gitlabRecipe(target: RecipeTarget): Recipe {
  const { url, isPrivate, packageName = 'PACKAGE' } = target;
  const text = [
    'build:',
    `  image: ${alpine}`,
    '  script:',
    '    - |',
    ...indented(keyCommand(target), 6),
    `    - echo ${url} >> /etc/apk/repositories`,
    `    - apk -U add ${packageName}`,
  ].join('\n');
  const note = isPrivate ? 'A masked variable HTTP_AUTH holds basic:*:USER:PASSWORD.' : undefined;
  return { id: 'gitlab', title: 'GitLab CI', note, text };
}

/** Fetches the key where anybody may; where not, writes it out: a public key is no secret, and wget knows no HTTP_AUTH. */
function keyCommand({ url, key, isPrivate }: RecipeTarget): string {
  if (key === undefined) return `wget -P /etc/apk/keys ${url}/KEY.rsa.pub`;
  if (!isPrivate) return `wget -P /etc/apk/keys ${url}/${key.fileName}`;
  return `cat > /etc/apk/keys/${key.fileName} <<EOF\n${key.pem.trimEnd()}\nEOF`;
}

function indented(text: string, columns: number): readonly string[] {
  return text.split('\n').map((line) => `${' '.repeat(columns)}${line}`);
}
