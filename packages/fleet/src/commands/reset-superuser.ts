import { readCommandLine } from '@clientela/runtime';
import { runSuperuserScript } from '../launcher/superuser.ts';
import { runAdminCommand } from './admin-command.ts';
import { withAuthDatabase } from './service-databases.ts';

const { values } = readCommandLine(
  `Usage: npm run reset-superuser [-- --mfa]
Sets a new password for the superuser, ends its sessions and prints the password once. Its second factor stays.

  --mfa   also removes the second factor`,
  { options: { mfa: { type: 'boolean' } } },
);

await runAdminCommand((settings) =>
  withAuthDatabase(settings, async (url) => {
    const { email, password } = await runSuperuserScript(
      values.mfa === true ? 'reset --mfa' : 'reset',
      url,
      settings.admin,
    );
    process.stdout.write(
      `Superuser: ${email}   ${password ? `password: ${password}\nThis password is shown only once and stored nowhere.` : 'password: the one in ADMIN_PASSWORD'}\n`,
    );
  }),
);
