import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSecret, writeSecret } from '@clientela/embedded-postgres';
import type { Settings } from '../launcher/settings.ts';
import { backdateIn, findDatabases } from './backdate.ts';
import { demoClient } from './client.ts';
import { createDemoData, type DemoSummary } from './create-demo-data.ts';

type Installation = { folder: string; settings: Settings };

/**
 * Creates the demo company once in an installation, whose secrets then have its password, or finds it there.
 * @param onProgress called with each completed step
 */
export async function runDemo(
  url: string,
  { folder, settings }: Installation,
  onProgress: (line: string) => void,
): Promise<DemoSummary> {
  const secrets = join(folder, 'secrets');
  const stored = JSON.parse(readSecret(secrets, 'demo') ?? '{}') as Partial<DemoSummary>;
  if (stored.email !== undefined && (await canSignIn(url, stored))) {
    onProgress(`${stored.company} is there already`);
    return stored as DemoSummary;
  }
  const hasInstallation = existsSync(secrets);
  const databases = hasInstallation ? await findDatabases(folder, settings) : undefined;
  const summary = await createDemoData(url, onProgress, databases && backdateIn(databases));
  if (hasInstallation) writeSecret(secrets, 'demo', JSON.stringify(summary));
  return summary;
}

const canSignIn = (url: string, { email, password }: Partial<DemoSummary>): Promise<boolean> =>
  demoClient(url)('POST', '/auth/login', { email, password }).then(
    () => true,
    () => false,
  );
