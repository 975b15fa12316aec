import { randomUUID } from 'node:crypto';
import { readCommandLine } from '@clientela/runtime';
import { followImport } from '../imports/follow.ts';
import { runAtGateway } from '../imports/run.ts';

const usage = `Usage: npm run import-vaptekesync [-- options]
Imports the customers of the database that VAPTEKESYNC_HOST names, through the gateway, and follows the import to its end.

  --dry-run       reports the same and changes nothing
  --url URL       of the gateway (default: that of this checkout)
  --company ID    the company to import into, for superusers

Signs in, follows and exits like npm run import.
`;

const { values } = readCommandLine(usage, {
  options: { 'dry-run': { type: 'boolean' }, url: { type: 'string' }, company: { type: 'string' } },
});

await runAtGateway(values, async (client) => {
  const body = { source: 'vaptekesync', ...(values['dry-run'] && { dry_run: true }) };
  const { import: created } = await client.send('POST', '/api/customers/imports', { body, key: randomUUID() });
  return followImport(client, (created as { id: string }).id);
});
