import { runCommand } from '@clientela/runtime';
import { describeFailure, runSuperuserCommand } from './accounts/superuser-command.ts';

// `node src/superuser.ts ensure` creates the installation's superuser when there is none; `reset` sets a new password and revokes its
// sessions. Both print the result as one line of JSON to standard output, or the reason of a failure to standard error.

await runCommand(async () => {
  const result = await runSuperuserCommand(process.argv[2], process.env);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}, describeFailure);
