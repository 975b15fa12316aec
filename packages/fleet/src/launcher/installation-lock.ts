import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLauncher } from './pid-file.ts';

export class AlreadyRunningError extends Error {
  override name = 'AlreadyRunningError';
}

/**
 * Locks an installation's folder for this process until released. The lock is a listening socket, which the system closes when the
 * process ends for any reason.
 * @throws AlreadyRunningError when another process has the lock
 */
export async function acquireInstallationLock(folder: string): Promise<{ release: () => Promise<void> }> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const address = addressOf(folder);
  const server = (await listen(address)) ?? (await replaceStaleSocket(address));
  if (!server) throw new AlreadyRunningError(describeOwner(folder));
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** Names the launcher of this folder. An admin command that has the lock is not recorded. */
function describeOwner(folder: string): string {
  const launcher = findLauncher(folder);
  const details = launcher && ` (process ${launcher.pid}${launcher.url ? `, ${launcher.url}` : ''})`;
  return `Clientela runs from this folder already${details ?? ''}`;
}

function addressOf(folder: string): string {
  const name = `clientela-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 24)}`;
  // The abstract namespace of Linux leaves no file behind.
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

/** @returns undefined when the address is in use */
async function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => resolve(server));
  });
}

/** Replaces a socket file (macOS) that a killed process left behind: nothing accepts connections on it. */
async function replaceStaleSocket(address: string): Promise<Server | undefined> {
  if (process.platform === 'linux' || process.platform === 'win32') return undefined;
  const isInUse = await new Promise<boolean>((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
  });
  if (isInUse) return undefined;
  rmSync(address, { force: true });
  return listen(address);
}
