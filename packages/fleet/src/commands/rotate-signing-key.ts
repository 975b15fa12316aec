import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { environment } from '@clientela/runtime';
import { z } from 'zod';
import { authDatabase, folder } from './service-databases.ts';
import { openSecrets } from '../launcher/secrets.ts';
import { folderOf, repoRoot } from '../launcher/services.ts';
import { readSettings } from '../launcher/settings.ts';

const Answer = z.object({ kid: z.string(), signs_from: z.string().optional() });

type Which = 'tokens' | 'receipts';

/** Lets auth make its next key of a kind. The secret goes by the environment, so that it is no argument that others can see. */
async function rotated(which: Which, AUTH_DATABASE_URL: string, AUTH_SECRET: string): Promise<z.infer<typeof Answer>> {
  const { PATH, SystemRoot } = process.env;
  const env = { ...(PATH && { PATH }), ...(SystemRoot && { SystemRoot }), AUTH_DATABASE_URL, AUTH_SECRET };
  const cwd = folderOf('auth');
  const run = promisify(execFile)(process.execPath, [join(cwd, 'src/rotate-signing-key.ts'), which], {
    cwd,
    env,
    timeout: 30_000,
  });
  const { stdout } = await run.catch((error: { stderr?: string }) => {
    throw new Error(`The key could not be rotated: ${error.stderr?.trim() || 'the auth service gave no reason.'}`);
  });
  return Answer.parse(JSON.parse(stdout));
}

function asked(argument: string | undefined): Which {
  if (argument === undefined || argument === 'tokens' || argument === 'receipts') return argument ?? 'tokens';
  throw new Error('Say which key: tokens (that is what is meant when nothing is said) or receipts.');
}

if (import.meta.main) {
  try {
    const which = asked(process.argv[2]);
    const settings = readSettings(environment(join(repoRoot, '.env')));
    if (which === 'tokens' && settings.given.JWT_ALGORITHM === 'HS256')
      throw new Error(
        'Tokens are signed by JWT_SECRET_KEY (HS256): change it there; it takes effect with the next start.',
      );
    await authDatabase(settings, async (url) => {
      const { kid, signs_from } = await rotated(which, url, openSecrets(folder, settings).own_secrets.auth);
      process.stdout.write(
        signs_from === undefined
          ? `The key ${kid} signs receipts of erasures from now on. What the one before has signed can be verified for good.\n`
          : `The key ${kid} is published and signs from ${signs_from} on. Tokens of the one before stay good.\n`,
      );
    });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'It failed.'}\n`);
    process.exitCode = 1;
  }
}
