// A thread of its own for bcrypt, which is made to be slow: src/store/directory/password-thread.ts sends it passwords.
import { parentPort } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';

parentPort.on('message', ({ id, password, hash }) => {
  parentPort.postMessage({ id, isRight: compareSync(password, hash) });
});
