import { Writable } from 'node:stream';
import { redactedNames } from '@clientela/contracts';
import { createLog } from '@clientela/runtime';
import { expect, test } from 'vitest';

const canary = 'canary-7f3a';

test('logs redact the value of every personal and sensitive column, at any depth and in any spelling', () => {
  let text = '';
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const log = createLog('test', 'info', { redact: redactedNames, out });
  for (const name of redactedNames) {
    const camelCase = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    for (const key of [name, camelCase, name.toUpperCase(), name.replaceAll('_', '-')]) {
      const nested = { [key]: canary };
      log.info(nested);
      log.info({ rows: [{ deep: nested }], cause: new Error('failed', { cause: nested }) }, 'value: %j', nested);
    }
  }
  expect(text.split('\n').filter(Boolean)).toHaveLength(redactedNames.length * 8);
  expect(text).not.toContain(canary);
});
