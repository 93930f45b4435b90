import { expect, it } from 'vitest';
import { leaseInequalities } from '../../../src/time/lease.ts';

it.each(leaseInequalities)('%s', (_reason, holds) => {
  expect(holds).toBe(true);
});
