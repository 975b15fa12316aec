import { connect, asUnavailable } from '@clientela/db';
import { AppError } from '@clientela/errors';
import { EnvironmentError, readEnvironment } from '@clientela/runtime';
import { Email } from '@clientela/validation';
import { z } from 'zod';
import { createPasswords } from './accounts/passwords.ts';
import { passwordFault } from './accounts/rules.ts';
import { NewPassword } from './accounts/schema.ts';
import { ensureSuperuser, resetSuperuser, type SuperuserSettings } from './accounts/superuser.ts';
import { AUTH_DATABASE_URL } from './config.ts';

// `node src/superuser.ts ensure` makes the installation's superuser when there is none; `reset` gives it a new password and ends its
// sessions. Both say what they did in one line of JSON on standard output, and why they could not in one sentence on standard error.

const verbs = { ensure: ensureSuperuser, reset: resetSuperuser };

const Settings = z.object({
  AUTH_DATABASE_URL,
  ADMIN_EMAIL: Email.default('admin@clientela.local'),
  ADMIN_PASSWORD: NewPassword.optional(),
});

function readSettings(): SuperuserSettings & { url: string } {
  const { AUTH_DATABASE_URL: url, ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = readEnvironment(Settings);
  const fault = password && passwordFault(password, { email, first_name: '', last_name: null });
  if (fault) throw new EnvironmentError(`ADMIN_PASSWORD ${fault}`);
  return { url, email, password };
}

async function run(): Promise<void> {
  const verb = process.argv[2];
  if (verb !== 'ensure' && verb !== 'reset') throw new EnvironmentError('Say what to do: ensure or reset');
  const { url, ...settings } = readSettings();
  const db = connect(url, { name: 'superuser', pool: 1 });
  try {
    const answer = await verbs[verb](db, createPasswords(), settings);
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  } finally {
    await db.destroy();
  }
}

try {
  await run();
} catch (error) {
  const known = asUnavailable(error) ?? error;
  const taken = known instanceof AppError && known.error_code === 'USER_EMAIL_TAKEN';
  const sentence = known instanceof Error ? known.message : 'It failed for an unknown reason';
  process.stderr.write(
    `${taken ? 'ADMIN_EMAIL is the e-mail of a user who is no superuser' : sentence.replaceAll(/\s*\n\s*/g, ' ')}\n`,
  );
  process.exitCode = 1;
}
