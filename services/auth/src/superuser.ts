import { readCommandLine, runCommand } from '@clientela/runtime';
import { describeFailure, runSuperuserCommand } from './accounts/superuser-command.ts';

const {
  positionals: [command],
} = readCommandLine(
  `Usage: node src/superuser.ts ensure|reset

  ensure   creates the installation's superuser when there is none
  reset    sets a new password and ends its sessions

Prints the result as one line of JSON.`,
  { positionals: [1, 1] },
);

await runCommand(async () => {
  const result = await runSuperuserCommand(command, process.env);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}, describeFailure);
