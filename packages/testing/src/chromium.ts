import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const findChromium = () =>
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/**
 * Finds Chromium: CHROMIUM_PATH, else the one of this machine, else Debian's, which root installs.
 * @throws Error that says what to do
 */
export async function chromiumPath(): Promise<string> {
  const { CHROMIUM_PATH: chosen } = process.env;
  if (chosen !== undefined && chosen !== '') {
    if (existsSync(chosen)) return chosen;
    throw new Error(`CHROMIUM_PATH names no file: ${chosen}`);
  }
  const found = findChromium() ?? (await install());
  if (found === undefined)
    throw new Error('These tests need Chromium: install it (Debian: apt-get install chromium), or set CHROMIUM_PATH');
  return found;
}

async function install(): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const command = 'apt-get update; apt-get install -y --no-install-recommends chromium';
  const lock = join(tmpdir(), 'clientela-apt.lock'); // apt fails while another one runs
  await run('flock', [lock, 'sh', '-c', command], { env, maxBuffer: 64 * 1024 * 1024 }).catch(() => {});
  return findChromium();
}
