import { connect, createServer, type AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

// A TCP proxy in a thread of its own, so that a busy test delays no reply. Delays replies by the milliseconds of the last message.

let delay = 0;
parentPort?.on('message', (ms: number) => (delay = ms));

const server = createServer((client) => {
  const upstream = connect((workerData as { port: number }).port, '127.0.0.1');
  for (const socket of [client, upstream]) {
    socket
      .on('error', () => {})
      .once('close', () => {
        client.destroy();
        upstream.destroy();
      });
  }
  client.pipe(upstream);
  upstream.on('data', (data) => {
    if (delay === 0) client.write(data);
    else setTimeout(() => client.writable && client.write(data), delay);
  });
});
server.listen(0, '127.0.0.1', () => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage((server.address() as AddressInfo).port);
});
