// Exit code 0 where the gateway beside it answers: `node healthcheck.mjs [PATH]`, by default /healthz. It knows the address from
// lkard's own variables; where flags say otherwise, give the URL instead of a path.
import http from 'node:http';
import https from 'node:https';

const { ARTIFACT_REGISTRY_ADDR: address, ARTIFACT_REGISTRY_TLS_CERT: certificate } = process.env;
const [, host = '', port = '9887'] = /^(.*):(\d+)$/.exec(address ?? '') ?? [];
// A gateway that listens on every address listens on this one.
const reachable = /^(0\.0\.0\.0|\[::\])?$/.test(host) ? '127.0.0.1' : host;
const url = new URL(process.argv[2] ?? '/healthz', `${certificate ? 'https' : 'http'}://${reachable}:${port}`);

// Its certificate is made out to another name.
const options = { timeout: 4000, rejectUnauthorized: false };
const request = (url.protocol === 'https:' ? https : http).get(url, options, (answer) => {
  answer.resume();
  end(answer.statusCode === 200, `${url} answers ${answer.statusCode}`);
});
request.on('timeout', () => request.destroy(new Error('no answer')));
request.on('error', ({ message }) => end(false, `${url}: ${message}`));

function end(isWell, message) {
  if (!isWell) console.error(message);
  process.exit(isWell ? 0 : 1);
}
