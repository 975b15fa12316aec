import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { readCommandLine, runCommand } from '@clientela/runtime';
import type { ApiClient } from '../imports/client.ts';
import { CommandError } from '../imports/errors.ts';
import { followImport } from '../imports/follow.ts';
import { runAtGateway } from '../imports/run.ts';

const usage = `Usage: npm run import -- FILE [options]
Imports a file of customers (CSV, TSV, JSON lines, vCard) through the gateway, and follows it to its end.

  --match-on email|phone|external_id   what finds a customer that exists (default: email)
  --on-match skip|update               what becomes of it (default: skip)
  --dry-run                            reports the same and changes nothing
  --encoding NAME, --separator CHAR    where they are detected wrongly
  --mapping JSON                       column name → field, null to leave it behind
  --url URL                            of the gateway (default: that of this checkout)
  --company ID                         the company to import into, for superusers
  --follow ID, --cancel ID             follows or cancels an import instead

Signs in with CLIENTELA_EMAIL and CLIENTELA_PASSWORD, or with CLIENTELA_TOKEN; else asks.
Exit codes: 0 all rows imported or skipped, 1 error, 2 some rows failed, 3 the import failed, 4 it was cancelled, 130 Ctrl-C.
`;

const option = { type: 'string' } as const;

async function assertReadable(file: string): Promise<void> {
  const isFile = await access(file, constants.R_OK)
    .then(() => stat(file))
    .then(
      (found) => found.isFile(),
      () => false,
    );
  if (!isFile) throw new CommandError(`There is no file ${file}, or it cannot be read`);
}

/** Uploads the file from the disk, without reading it into memory. @returns the import's id */
async function startImport(client: ApiClient, file: string, options: Record<string, string | undefined>) {
  const blob = await openAsBlob(file);
  const form = new FormData();
  for (const [name, value] of Object.entries(options)) if (value !== undefined) form.set(name, value);
  form.set('file', blob, basename(file));
  if (process.stderr.isTTY) process.stderr.write(`Uploading ${(blob.size / 1024 ** 2).toFixed(1)} MB …`);
  const { import: created } = await client.send('POST', '/api/customers/imports', { body: form, key: randomUUID() });
  return (created as { id: string }).id;
}

const { values, positionals } = readCommandLine(usage, {
  options: {
    'match-on': option,
    'on-match': option,
    'dry-run': { type: 'boolean' },
    encoding: option,
    separator: option,
    mapping: option,
    url: option,
    company: option,
    follow: option,
    cancel: option,
  },
  positionals: [0, 1],
});
const { follow, cancel } = values;
const [file = ''] = positionals;
const existingImport = follow ?? cancel;

await runCommand(async () => {
  const isNew = existingImport === undefined;
  if (isNew !== (positionals.length === 1)) throw new CommandError(usage);
  if (isNew) await assertReadable(file); // before anybody is asked for a password
  await runAtGateway(values, async (client) => {
    if (cancel !== undefined)
      await client.send('POST', `/api/customers/imports/${encodeURIComponent(cancel)}/cancel`, {});
    const id =
      existingImport ??
      (await startImport(client, file, {
        match_on: values['match-on'],
        on_match: values['on-match'],
        dry_run: values['dry-run'] ? 'true' : undefined,
        encoding: values.encoding,
        separator: values.separator,
        mapping: values.mapping,
      }));
    return followImport(client, id);
  });
});
