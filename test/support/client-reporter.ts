import type { Reporter, TestModule } from 'vitest/node';
import { describeClients } from './clients.ts';

/** Says at the end of a run that had tests with real clients which of those were there. */
export default class ClientReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.some(({ moduleId }) => moduleId.includes('/test/client/'))) console.log(`${describeClients()}\n`);
  }
}
