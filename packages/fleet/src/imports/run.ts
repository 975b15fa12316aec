import { join } from 'node:path';
import { environment } from '@clientela/runtime';
import { repoRoot } from '../launcher/services.ts';
import { connectToGateway, type ApiClient } from './client.ts';
import { readCredentials } from './credentials.ts';
import { findGateway } from '../launcher/pid-file.ts';
import { CommandError } from './errors.ts';
import { printable } from './progress.ts';

export type GatewayOptions = { url?: string | undefined; company?: string | undefined };

/**
 * Runs a command at the gateway as a user. Its exit code is what `command` returns, or 1 for an error, whose message is printed.
 * @param options.url default the running gateway of this checkout, else that of its settings
 */
export async function runAtGateway(
  { url, company }: GatewayOptions,
  command: (client: ApiClient) => Promise<number>,
): Promise<void> {
  try {
    const address = url ?? findGateway(join(repoRoot, '.data')) ?? configuredAddress();
    if (!/^https?:$/.test(URL.parse(address)?.protocol ?? '')) throw new CommandError(`${address} is not a URL`);
    const credentials = await readCredentials(process.env);
    const client = await connectToGateway(address.replace(/\/+$/, ''), credentials, company);
    if (client.isSuperuser && company === undefined)
      throw new CommandError('A superuser must name a company: --company COMP-001');
    process.exitCode = await command(client);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? printable(error.message) : 'The command failed'}\n`);
    process.exitCode = 1;
  }
}

const configuredAddress = () => `http://127.0.0.1:${environment(join(repoRoot, '.env'))['PORT'] || '8080'}`;
