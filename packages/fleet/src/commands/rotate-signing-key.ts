import { readCommandLine } from '@clientela/runtime';
import { z } from 'zod';
import { openSecrets } from '../launcher/secrets.ts';
import { runServiceScript } from '../launcher/service-script.ts';
import { installationFolder, runAdminCommand } from './admin-command.ts';
import { withAuthDatabase } from './service-databases.ts';

const Output = z.object({ kid: z.string(), signs_from: z.string().optional() });

type KeyKind = 'tokens' | 'receipts';

/** Runs auth's script that creates the next key of a kind. */
async function rotate(kind: KeyKind, databaseUrl: string, authSecret: string): Promise<z.infer<typeof Output>> {
  const { status, stdout, stderr } = await runServiceScript('auth', 'rotate-signing-key.ts', {
    args: [kind],
    env: { AUTH_DATABASE_URL: databaseUrl, AUTH_SECRET: authSecret },
    timeout: 30_000,
  });
  if (status !== 0) throw new Error(`The key could not be rotated: ${stderr || 'the auth service gave no reason.'}`);
  return Output.parse(JSON.parse(stdout));
}

function parseKind(argument: string | undefined): KeyKind {
  if (argument === undefined || argument === 'tokens' || argument === 'receipts') return argument ?? 'tokens';
  throw new Error('Unknown key: use "tokens" (default) or "receipts".');
}

const { positionals } = readCommandLine(
  `Usage: npm run rotate-signing-key [-- tokens|receipts]
Adds a key for access tokens (the default) or for erasure receipts. Sessions and receipts stay valid.`,
  { positionals: [0, 1] },
);

await runAdminCommand(async (settings) => {
  const kind = parseKind(positionals[0]);
  if (kind === 'tokens' && settings.overrides['JWT_ALGORITHM'] === 'HS256')
    throw new Error(
      'With HS256, tokens are signed with JWT_SECRET_KEY: change that setting; it takes effect with the next start.',
    );
  await withAuthDatabase(settings, async (url) => {
    const { kid, signs_from } = await rotate(kind, url, openSecrets(installationFolder, settings).ownSecrets.auth);
    process.stdout.write(
      signs_from === undefined
        ? `The key ${kid} signs erasure receipts from now on. Receipts signed with earlier keys stay verifiable.\n`
        : `The key ${kid} is published and signs from ${signs_from}. Tokens signed with the previous key stay valid.\n`,
    );
  });
});
