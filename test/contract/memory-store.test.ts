import { createMemoryStore } from '../support/memory-store.ts';
import { describeStore } from './store.ts';

const end = () => Promise.resolve();

describeStore('the memory store', () => Promise.resolve({ store: createMemoryStore(), end }));
describeStore('the memory store that removes by digest', () =>
  Promise.resolve({ store: createMemoryStore({ deletes: 'digest' }), end }),
);
describeStore('the memory store that removes nothing', () =>
  Promise.resolve({ store: createMemoryStore({ deletes: 'unsupported' }), deletes: false, end }),
);
