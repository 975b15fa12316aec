import { join } from 'node:path';
import { environment } from '@clientela/runtime';
import { authDatabase } from './service-databases.ts';
import { repoRoot } from '../launcher/services.ts';
import { readSettings } from '../launcher/settings.ts';
import { superuser } from '../launcher/superuser.ts';

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
