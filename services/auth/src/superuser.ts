import { readCommandLine, runCommand } from '@clientela/runtime';
import { describeFailure, runSuperuserCommand } from './accounts/superuser-command.ts';

const {
  positionals: [command],
  values: { mfa = false },
} = readCommandLine(
  `Usage: node src/superuser.ts ensure|reset [--mfa]

  ensure   creates the installation's superuser when there is none
  reset    sets a new password and ends its sessions; with --mfa it also removes the second factor

Prints the result as one line of JSON.`,
  { positionals: [1, 1], options: { mfa: { type: 'boolean' } } },
);

await runCommand(async () => {
  const result = await runSuperuserCommand(command, process.env, undefined, { removeFactor: mfa });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}, describeFailure);
