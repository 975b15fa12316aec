import { join } from 'node:path';
import { environment } from '@clientela/runtime';
import { authDatabase } from './auth-database.ts';
import { repoRoot } from './programs.ts';
import { readSettings } from './settings.ts';
import { superuser } from './superuser.ts';

try {
  const settings = readSettings(environment(join(repoRoot, '.env')));
  await authDatabase(settings, async (url) => {
    const { email, password } = await superuser('reset', url, settings.admin);
    process.stdout.write(
      `Superuser: ${email}   ${password ? `password: ${password}\nIt is shown this once and kept nowhere.` : 'password: that of ADMIN_PASSWORD'}\n`,
    );
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'It failed.'}\n`);
  process.exitCode = 1;
}
