import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { folderOf, repoRoot } from './services.ts';

const Answer = z.object({ made: z.boolean(), email: z.string(), password: z.string().optional() });
/** `password` only when it was generated now. */
export type Superuser = z.infer<typeof Answer>;

/**
 * Lets auth make the installation's superuser when there is none (`ensure`), or give it a new password (`reset`).
 * The answer comes through a pipe to this process alone: a generated password is in no log.
 */
export async function superuser(
  verb: 'ensure' | 'reset',
  auth_database_url: string,
  given: { email?: string; password?: string },
  { street = repoRoot, compile_cache }: { street?: string; compile_cache?: string } = {},
): Promise<Superuser> {
  const { PATH, SystemRoot } = process.env;
  const env = {
    ...(PATH && { PATH }),
    ...(SystemRoot && { SystemRoot }),
    ...(compile_cache && { NODE_COMPILE_CACHE: compile_cache }),
    NODE_ENV: 'production',
    AUTH_DATABASE_URL: auth_database_url,
    ...(given.email && { ADMIN_EMAIL: given.email }),
    ...(given.password && { ADMIN_PASSWORD: given.password }),
  };
  const script = join(folderOf('auth', street), 'src/superuser.ts');
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      [script, verb],
      { cwd: folderOf('auth', street), env, timeout: 30_000 },
      (error, stdout, stderr) => {
        const said = stderr
          .trim()
          .split('\n')
          .find((line) => line !== '');
        if (error)
          reject(new Error(`The superuser could not be set up: ${said ?? 'the auth service gave no reason.'}`));
        else resolve(stdout);
      },
    );
  });
  return Answer.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''));
}
