import { randomUUID } from 'node:crypto';
import { connect, asUnavailable } from '@clientela/db';
import { EnvironmentError, readEnvironment } from '@clientela/runtime';
import { z } from 'zod';
import { audit } from './audit/store.ts';
import { AUTH_DATABASE_URL, AUTH_SECRET } from './config.ts';
import { rotateSigningKey } from './keys/signing-key.ts';
import { rotateReceiptKey } from './receipts/receipt-key.ts';

// `node src/rotate-signing-key.ts` makes the next key that signs tokens, `… receipts` the next that signs receipts of erasures. It says
// which, and from when a key of tokens signs, in one line of JSON on standard output, and why it could not in one sentence on standard error.

const verbs = {
  tokens: { rotate: rotateSigningKey, resource_type: 'signing_key' },
  receipts: { rotate: rotateReceiptKey, resource_type: 'receipt_key' },
};

async function run(): Promise<void> {
  const which = process.argv[2] ?? 'tokens';
  if (which !== 'tokens' && which !== 'receipts') throw new EnvironmentError('Say which key: tokens or receipts');
  const { rotate, resource_type } = verbs[which];
  const settings = readEnvironment(z.object({ AUTH_DATABASE_URL, AUTH_SECRET }));
  const db = connect(settings.AUTH_DATABASE_URL, { name: 'rotate signing key', pool: 1 });
  try {
    const made = await db.transaction(async (tx) => {
      const key = await rotate(tx, settings.AUTH_SECRET);
      await audit(tx, {
        actor_id: 'service:auth',
        action: `${resource_type}.rotated`,
        resource_type,
        resource_id: key.kid,
        company_id: null,
        request_id: randomUUID(),
      });
      return key;
    });
    process.stdout.write(`${JSON.stringify(made)}\n`);
  } finally {
    await db.destroy();
  }
}

try {
  await run();
} catch (error) {
  const known = asUnavailable(error) ?? error;
  const sentence = known instanceof Error ? known.message : 'It failed for an unknown reason';
  process.stderr.write(`${sentence.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  process.exitCode = 1;
}
