import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort, isListening } from '@clientela/embedded-postgres';

const run = promisify(execFile);

export type Nginx = { pid: number; port: number; stop: () => Promise<void> };

/**
 * Starts an nginx with one worker in front of a service, which sets the identity headers and verifies nothing. Root on Debian installs
 * it when it is missing.
 * @returns undefined without nginx
 */
export async function startNginx(
  servicePort: number,
  headers: Readonly<Record<string, string>>,
): Promise<Nginx | undefined> {
  if (!(await isInstalled()) && !(await install())) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'bench-nginx-'));
  const port = await freePort();
  mkdirSync(join(folder, 'logs'));
  writeFileSync(
    join(folder, 'nginx.conf'),
    `
daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/logs/error.log;
events { worker_connections 1024; }
http {
  access_log ${folder}/logs/access.log; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000000;
  upstream service { server 127.0.0.1:${servicePort}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Authorization "";
      ${Object.entries(headers)
        .map(([name, value]) => `proxy_set_header ${name} "${value}";`)
        .join(' ')}
    }
  }
}
`,
  );
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let tries = 0; tries < 100 && !(await isListening(port)); tries += 1) await sleep(50);
  return {
    pid: child.pid as number,
    port,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const isInstalled = () =>
  run('nginx', ['-v']).then(
    () => true,
    () => false,
  );

async function install(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }; // installed, not started
  const command =
    'apt-get update; apt-get install -y --no-install-recommends nginx-light || apt-get install -y --no-install-recommends nginx';
  const lock = join(tmpdir(), 'clientela-apt.lock'); // apt fails while another one runs
  await run('flock', [lock, 'sh', '-c', command], { env, maxBuffer: 16 * 1024 * 1024 }).catch(() => {});
  return isInstalled();
}
