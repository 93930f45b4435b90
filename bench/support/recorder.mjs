// Loaded into a gateway before its own code (`node --import`): writes down when each request came, what was asked of the registry
// for it, and how long the main thread was at work until then. One JSON array a line, to the file that LKARD_RECORD names.
import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const lines = [];
const ids = new WeakMap();
let lastId = 0;

function note(of, event, text = '') {
  const id = ids.get(of) ?? (lastId += 1);
  ids.set(of, id);
  const nowUs = Number(process.hrtime.bigint() / 1000n);
  lines.push([event, id, nowUs, Math.round(performance.eventLoopUtilization().active * 1000), text]);
}

subscribe('undici:request:create', ({ request }) => {
  note(request, 'asked', `${request.method} ${request.path}`);
});
subscribe('undici:client:sendHeaders', ({ request }) => {
  note(request, 'sent');
});
subscribe('undici:request:headers', ({ request, response }) => {
  note(request, 'answered', String(response.statusCode));
});
subscribe('undici:request:trailers', ({ request }) => {
  note(request, 'read');
});
subscribe('http.server.request.start', ({ request }) => {
  note(request, 'came', `${request.method} ${request.url}`);
});
subscribe('http.server.response.finish', ({ request }) => {
  note(request, 'gone');
});
process.once('exit', () => {
  writeFileSync(process.env['LKARD_RECORD'], lines.map((line) => JSON.stringify(line)).join('\n'));
});
