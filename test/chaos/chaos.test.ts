import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildPrograms } from '../support/programs.ts';
import { registryProgram } from '../support/registry.ts';
import { runChaos } from './run.ts';
import { parseTroubles } from './troubles.ts';

const isMissing = registryProgram() === undefined && process.env['CI'] !== 'true';

describe.skipIf(isMissing)(`a short time of trouble${isMissing ? ' (docker-registry is missing)' : ''}`, () => {
  beforeAll(() => buildPrograms(), 120_000);

  it('loses nothing that was acknowledged, and serves nothing that is wrong', { timeout: 240_000 }, async () => {
    const ending = new AbortController();
    onTestFinished(() => {
      ending.abort();
    });
    // `npm run chaos` draws others.
    const seed = 11;
    const report = await runChaos({
      seed,
      seconds: 18,
      roundSeconds: 9,
      publishTimeoutSeconds: 5,
      troubles: parseTroubles('pauses,clocks,front end,throttling,registry pauses,balancer,changes'),
      log: () => undefined,
      signal: ending.signal,
    });
    const acknowledged = report.rounds.reduce((sum, { operations, unanswered }) => sum + operations - unanswered, 0);
    expect({ seed, faults: report.faults }).toEqual({ seed, faults: [] });
    expect(acknowledged).toBeGreaterThan(0);
  });
});
