import { redactedNames } from '@clientela/contracts';
import { createLog, drainDelayMs, runProcess, startProcessMetrics } from '@clientela/runtime';
import { destination } from 'pino';
import { createGateway } from './app.ts';
import { readConfig } from './config.ts';

await runProcess(async (onShutdown, drainWith) => {
  const config = readConfig();
  startProcessMetrics();
  // Buffers the log, unlike the services: every request passes here, and one write per line would cost as much as forwarding.
  const out = destination({ fd: 1, sync: false, minLength: 4096, periodicFlush: 500 });
  onShutdown(() => out.flushSync());
  const log = createLog('gateway', config.LOG_LEVEL, {
    redact: redactedNames,
    out: out as unknown as NodeJS.WritableStream,
  });

  const gateway = createGateway(config, { log });
  onShutdown(() => gateway.close());
  const delayMs = drainDelayMs(config);
  drainWith({
    delayMs,
    begin: () => {
      gateway.drain();
      log.info({ drain_ms: delayMs }, 'draining');
    },
  });
  const port = await gateway.listen(config.HOST, config.PORT);
  log.info({ port }, 'listening');
});
