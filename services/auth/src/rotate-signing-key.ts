import { randomUUID } from 'node:crypto';
import { connect, failureMessage } from '@clientela/db';
import { readCommandLine, readEnvironment, runCommand } from '@clientela/runtime';
import { z } from 'zod';
import { audit } from './audit/store.ts';
import { AUTH_DATABASE_URL, AUTH_SECRET } from './config.ts';
import { rotateSigningKey } from './keys/signing-key.ts';
import { rotateReceiptKey } from './receipts/receipt-key.ts';

const {
  positionals: [command = 'tokens'],
} = readCommandLine(
  `Usage: node src/rotate-signing-key.ts [tokens|receipts]
Creates the next key for access tokens (the default) or for erasure receipts, and prints it as one line of JSON.`,
  { positionals: [0, 1] },
);

const commands = {
  tokens: { rotate: rotateSigningKey, resource_type: 'signing_key' },
  receipts: { rotate: rotateReceiptKey, resource_type: 'receipt_key' },
};

await runCommand(async () => {
  if (command !== 'tokens' && command !== 'receipts') {
    throw new Error('Name the key to rotate: tokens or receipts');
  }
  const { rotate, resource_type } = commands[command];
  const settings = readEnvironment(z.object({ AUTH_DATABASE_URL, AUTH_SECRET }));
  const db = connect(settings.AUTH_DATABASE_URL, { name: 'rotate signing key', pool: 1 });
  try {
    const result = await db.transaction(async (tx) => {
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
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    await db.destroy();
  }
}, failureMessage);
