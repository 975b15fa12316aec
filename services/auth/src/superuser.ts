import { connect, asUnavailable } from '@clientela/db';
import { AppError } from '@clientela/errors';
import { EnvironmentError, readEnvironment } from '@clientela/runtime';
import { Email } from '@clientela/validation';
import { z } from 'zod';
import { createPasswords } from './accounts/passwords.ts';
import { passwordError } from './accounts/rules.ts';
import { NewPassword } from './accounts/schema.ts';
import { ensureSuperuser, resetSuperuser, type SuperuserSettings } from './accounts/superuser.ts';
import { AUTH_DATABASE_URL } from './config.ts';

// `node src/superuser.ts ensure` creates the installation's superuser when there is none; `reset` sets a new password and revokes its
// sessions. Both print the result as one line of JSON to standard output, or the reason of a failure as one sentence to standard error.

const commands = { ensure: ensureSuperuser, reset: resetSuperuser };

const Settings = z.object({
  AUTH_DATABASE_URL,
  ADMIN_EMAIL: Email.default('admin@clientela.local'),
  ADMIN_PASSWORD: NewPassword.optional(),
});

function readSettings(): SuperuserSettings & { url: string } {
  const { AUTH_DATABASE_URL: url, ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = readEnvironment(Settings);
  const message = password && passwordError(password, { email, first_name: '', last_name: null });
  if (message) throw new EnvironmentError(`ADMIN_PASSWORD ${message}`);
  return { url, email, password };
}

async function run(): Promise<void> {
  const command = process.argv[2];
  if (command !== 'ensure' && command !== 'reset') throw new EnvironmentError('Name the command: ensure or reset');
  const { url, ...settings } = readSettings();
  const db = connect(url, { name: 'superuser', pool: 1 });
  try {
    const result = await commands[command](db, createPasswords(), settings);
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    await db.destroy();
  }
}

try {
  await run();
} catch (error) {
  const cause = asUnavailable(error) ?? error;
  const isEmailTaken = cause instanceof AppError && cause.error_code === 'USER_EMAIL_TAKEN';
  const message = cause instanceof Error ? cause.message : 'The command failed for an unknown reason';
  process.stderr.write(
    `${isEmailTaken ? 'ADMIN_EMAIL belongs to a user who is not a superuser' : message.replaceAll(/\s*\n\s*/g, ' ')}\n`,
  );
  process.exitCode = 1;
}
