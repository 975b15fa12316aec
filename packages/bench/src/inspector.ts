import { freePort } from '@clientela/embedded-postgres';
import { setTimeout as sleep } from 'node:timers/promises';

const defaultPort = 9229; // node's own, which SIGUSR1 opens

/** Node's inspector of another process (Chrome DevTools Protocol). */
export type Inspector = {
  call: (method: string, params?: Record<string, unknown>) => Promise<unknown>;
  /** Runs code in the process and waits for its promise. @throws Error with the text of what it throws */
  evaluate: (expression: string) => Promise<unknown>;
  close: () => void;
};

/**
 * Opens the inspector of a running Node process, on a port of its own, so that those of several processes can be open.
 * @throws Error when it opens no inspector
 */
export async function openInspector(pid: number): Promise<Inspector> {
  process.kill(pid, 'SIGUSR1');
  const first = await connect(defaultPort, pid);
  const port = await freePort();
  // Moves behind a timer: the inspector cannot close while it evaluates.
  await first.evaluate(
    `void setTimeout(() => { const inspector = process.getBuiltinModule('node:inspector'); inspector.close(); inspector.open(${port}); }, 10)`,
  );
  return connect(port, pid);
}

async function connect(port: number, pid: number): Promise<Inspector> {
  let url: string | undefined;
  for (let tries = 0; tries < 200 && url === undefined; tries += 1) {
    await sleep(100);
    const targets = await fetch(`http://127.0.0.1:${port}/json/list`).then(
      async (response) => (await response.json()) as { webSocketDebuggerUrl: string }[],
      () => [],
    );
    url = targets[0]?.webSocketDebuggerUrl;
  }
  if (url === undefined) throw new Error(`Process ${pid} opens no inspector on port ${port}; is it in use?`);
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
  // Calls end with the process, too.
  const waiting = new Set<(reason: Error) => void>();
  socket.addEventListener('close', () => {
    for (const reject of waiting) reject(new Error(`Process ${pid} has closed its inspector`));
  });
  let id = 0;
  const call: Inspector['call'] = (method, params = {}) => {
    id += 1;
    const own = id;
    return new Promise((resolve, reject) => {
      const onMessage = ({ data }: MessageEvent) => {
        const message = JSON.parse(String(data)) as { id?: number; result?: unknown; error?: { message: string } };
        if (message.id !== own) return;
        socket.removeEventListener('message', onMessage);
        waiting.delete(reject);
        if (message.error) reject(new Error(`${method}: ${message.error.message}`));
        else resolve(message.result);
      };
      socket.addEventListener('message', onMessage);
      socket.send(JSON.stringify({ id: own, method, params }));
    });
  };
  const evaluate: Inspector['evaluate'] = async (expression) => {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = (await call('Runtime.evaluate', options)) as {
      result: { value?: unknown; description?: string };
      exceptionDetails?: unknown;
    };
    if (exceptionDetails !== undefined) throw new Error(result.description ?? 'an exception');
    return result.value;
  };
  if ((await evaluate('process.pid')) !== pid) throw new Error(`Another process has port ${port}.`);
  const close = () => {
    evaluate("void setTimeout(() => process.getBuiltinModule('node:inspector').close(), 10)")
      .catch(() => {}) // the process has ended
      .finally(() => socket.close());
  };
  return { call, evaluate, close };
}
