import { redactedNames } from '@clientela/contracts';
import { drainDelayMs, openLog, runProcess, startProcessMetrics, startTracing } from '@clientela/runtime';
import { createGateway } from './app.ts';
import { readConfig } from './config.ts';

await runProcess(async (onShutdown, drainWith) => {
  const config = readConfig();
  startProcessMetrics();
  const { log, close } = openLog('gateway', config, { redact: redactedNames });
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
