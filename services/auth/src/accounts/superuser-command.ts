import { connect, failureMessage } from '@clientela/db';
import { AppError } from '@clientela/errors';
import { EnvironmentError, readEnvironment } from '@clientela/runtime';
import { Email } from '@clientela/validation';
import { z } from 'zod';
import { AUTH_DATABASE_URL } from '../config.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import { passwordError } from './rules.ts';
import { NewPassword } from './schema.ts';
import { ensureSuperuser, resetSuperuser, type SuperuserResult, type SuperuserSettings } from './superuser.ts';

const commands = { ensure: ensureSuperuser, reset: resetSuperuser };

const Settings = z.object({
  AUTH_DATABASE_URL,
  ADMIN_EMAIL: Email.default('admin@clientela.local'),
  ADMIN_PASSWORD: NewPassword.optional(),
});

function readSettings(env: NodeJS.ProcessEnv): SuperuserSettings & { url: string } {
  const { AUTH_DATABASE_URL: url, ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = readEnvironment(Settings, env);
  const message = password && passwordError(password, { email, first_name: '', last_name: null });
  if (message) throw new EnvironmentError([`ADMIN_PASSWORD: ${message}`]);
  return { url, email, password };
}

/**
 * Runs `ensure` or `reset` with the settings of an environment.
 * @param options.removeFactor whether a reset also removes the second factor
 * @throws EnvironmentError for invalid settings; Error for an unknown command
 */
export async function runSuperuserCommand(
  command: string | undefined,
  env: NodeJS.ProcessEnv,
  passwords: Passwords = createPasswords(),
  { removeFactor = false }: { removeFactor?: boolean } = {},
): Promise<SuperuserResult> {
  if (command !== 'ensure' && command !== 'reset') throw new Error('Name the command: ensure or reset');
  const { url, ...settings } = readSettings(env);
  const db = connect(url, { name: 'superuser', pool: 1 });
  try {
    return await commands[command](db, passwords, { ...settings, removeFactor });
  } finally {
    await db.destroy();
  }
}

export const describeFailure = (error: unknown): string =>
  error instanceof AppError && error.error_code === 'USER_EMAIL_TAKEN'
    ? new EnvironmentError(['ADMIN_EMAIL: belongs to a user who is not a superuser']).message
    : failureMessage(error);
