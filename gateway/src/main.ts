import { redactedNames } from '@clientela/contracts';
import { drainDelayMs, openLog, runProcess, startProcessMetrics, startTracing } from '@clientela/runtime';
import { createGateway } from './app.ts';
import { readConfig } from './config.ts';

await runProcess(async (onShutdown, drainWith) => {
  const config = readConfig();
  startProcessMetrics();
  // Buffers the log, unlike the services: every request passes here, and one write per line would cost as much as forwarding.
  const { log, close } = openLog('gateway', config, { redact: redactedNames, isBuffered: true });
  onShutdown(close);
  onShutdown(await startTracing('gateway', config, log));

  const gateway = createGateway(config, { log });
  onShutdown(() => gateway.close());
  const port = await gateway.listen(config.HOST, config.PORT);
  const delayMs = drainDelayMs(config);
  drainWith({
    delayMs,
    begin: () => {
      gateway.drain();
      log.info({ drain_ms: delayMs }, 'draining');
    },
  });
  log.info({ port }, 'listening');
});
