import type { Config } from '../../config/config.ts';

/**
 * What lkard prints when it is ready: where it listens, what keeps the packages, and lines to paste that push a package and
 * install it. `url` is where it can be reached from this machine, `lkar` how the client is called there.
 */
export function formatGreeting(config: Config, url: string, storeDescription: string, lkar = 'lkar'): string {
  const image = config.singleImage === undefined ? '/team/app' : '';
  const { defaultBranch, defaultRepository } = config.http;
  const base = `${url}/apk${image}/${defaultBranch}/${defaultRepository}`;
  const target = `${url.replace(/^http:\/\//, '')}${image}`;
  const user = asksForUser(config) ? '-u USER ' : '';
  return `
lkard serves Alpine packages at ${url}
kept in ${storeDescription}

Push a package (either way${user === '' ? '' : '; without -u where nobody is asked who they are'}):
  curl ${user}--upload-file hello-1.0-r0.apk ${base}/push
  ${lkar} push ${target} ${defaultBranch} ${defaultRepository} hello-1.0-r0.apk

Install it (on Alpine, as root):
  ${user === '' ? 'wget -qO-' : 'curl -fsS -u USER'} ${base}/setup | sh
  apk -U add hello
${
  config.http.isUiEnabled
    ? `
Look at it in a browser:
  ${url}/
`
    : ''
}`;
}

/** The URL under which this machine reaches what listens at `url`. */
export function localUrlOf(url: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\])(?=:|$)/, '//127.0.0.1');
}

function asksForUser({ store, http }: Config): boolean {
  if (store.kind === 'directory') return store.htpasswdFile !== undefined;
  return http.anonymousAsGateway !== 'write';
}
