import { Hono } from 'hono';
import type { ReadinessDocument } from '../../protocol/documents.ts';
import { answer, jsonAnswer, textAnswer } from '../answer/answer.ts';
import { wantedJson } from '../request/accept.ts';
import { routed, type HttpEnv } from '../exchange/hono-exchange.ts';
import type { HealthDependencies } from '../options.ts';

/**
 * `/healthz`: the process answers. `/readyz`: it can serve, with what is odd all the same; 503 with the reasons where it can't.
 * `/metrics`: counts without names (`Meter` in ports.ts).
 */
export function healthRoutes(deps: HealthDependencies): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>();
  routes.get('/healthz', () => textAnswer(200, 'ok', { 'Cache-Control': 'no-store' }));
  routes.get(
    '/readyz',
    routed(async (exchange) => {
      const reasons = await deps.findUnreadiness();
      const isReady = reasons.length === 0;
      const warnings = deps.findWarnings?.() ?? [];
      const headers = { 'Cache-Control': 'no-store', ...(!isReady && { 'Retry-After': '5' }) };
      if (wantedJson(exchange.header('accept')) !== undefined) {
        const document: ReadinessDocument = { isReady, reasons: [...reasons], warnings: [...warnings] };
        return jsonAnswer(isReady ? 200 : 503, document, headers);
      }
      return textAnswer(isReady ? 200 : 503, [...(isReady ? ['ready'] : reasons), ...warnings].join('\n'), headers);
    }),
  );
  const { formatMetrics } = deps;
  if (formatMetrics !== undefined) {
    routes.get('/metrics', async () => {
      const { text, contentType } = await formatMetrics();
      return answer(200, text, { 'Content-Type': contentType, 'Cache-Control': 'no-store' });
    });
  }
  return routes;
}
