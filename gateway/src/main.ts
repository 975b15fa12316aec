import { createLog, runService } from '@clientela/runtime';
import { destination } from 'pino';
import { createGateway } from './app.ts';
import { readConfig } from './config.ts';

await runService(async (onClose) => {
  const config = readConfig();
  // Buffered, unlike the services': every request of the street passes here, and a write for each line would cost as much as the hop.
  const out = destination({ fd: 1, sync: false, minLength: 4096, periodicFlush: 500 });
  onClose(() => out.flushSync());
  const log = createLog('gateway', config.LOG_LEVEL, out as unknown as NodeJS.WritableStream);

  const gateway = createGateway(config, { log });
  onClose(() => gateway.close());
  const port = await gateway.listen(config.HOST, config.PORT);
  log.info({ port }, 'listening');
});
