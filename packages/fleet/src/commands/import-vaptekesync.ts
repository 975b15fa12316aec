import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { followImport } from '../imports/follow.ts';
import { runAtGateway } from '../imports/run.ts';

const usage = `Usage: npm run import-vaptekesync [-- options]
Imports the customers of the database that VAPTEKESYNC_HOST names, through the gateway, and follows the import to its end.

  --dry-run       reports the same and changes nothing
  --url URL       of the gateway (default: that of this checkout)
  --company ID    the company to import into, for superusers

Signs in, follows and exits like npm run import.
`;

function readArguments(args: string[]) {
  const option = { type: 'string' } as const;
  try {
    const options = {
      'dry-run': { type: 'boolean' },
      url: option,
      company: option,
      help: { type: 'boolean' },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'Wrong arguments'}\n\n${usage}`);
    return undefined;
  }
}

const values = readArguments(process.argv.slice(2));
if (values?.help) process.stdout.write(usage);
else if (!values) process.exitCode = 1;
else
  await runAtGateway(values, async (client) => {
    const body = { source: 'vaptekesync', ...(values['dry-run'] && { dry_run: true }) };
    const { import: created } = await client.send('POST', '/api/customers/imports', { body, key: randomUUID() });
    return followImport(client, (created as { id: string }).id);
  });
