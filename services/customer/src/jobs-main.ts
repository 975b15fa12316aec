import { setPriority } from 'node:os';
import { outsideServices } from '@clientela/contracts';
import { outboxPoolOptions } from '@clientela/events';
import { createCompanyClient, runServiceWorker } from '@clientela/http';
import { reportCounts } from '@clientela/runtime';
import { readConfig } from './config.ts';
import { jobHandlers } from './job-handlers.ts';
import { toImportStorage } from './imports/settings.ts';
import { importSourceOf } from './imports/vaptekesync/settings.ts';
import { runJobs } from './jobs/worker.ts';
import { createFingerprinter } from './tombstones/fingerprints.ts';

// A child process of the service: see jobs/supervisor.ts. Requests come first, so it gets the processor that they leave.
const niceness = 10;
const [, , worker] = process.argv;

await runServiceWorker('customer', {
  readConfig,
  outsideCallers: outsideServices,
  poolOptions: (config) => ({ ...outboxPoolOptions(config), name: 'customer jobs', pool: 8 }),
  start: ({ config, deps: { db, log, secret }, client, onShutdown }) => {
    setPriority(niceness);
    // The service exposes what this process counts.
    const takeCounts = reportCounts();
    const report = () => {
      const counts = takeCounts();
      // Ignores that the service may have ended just now: this process is about to.
      if (counts.length > 0) process.send?.({ counts }, undefined, undefined, () => {});
    };
    const reporting = setInterval(report, 1000);
    onShutdown(() => {
      clearInterval(reporting);
      if (process.connected) report();
    });
    const companies = createCompanyClient(client('auth'));
    const fingerprints = createFingerprinter(secret);
    const importStorage = toImportStorage(config);
    const handlers = jobHandlers({
      db,
      log,
      companies,
      fingerprints,
      importStorage,
      importSource: importSourceOf(config),
    });
    const runner = runJobs({ db, handlers, log, ...(worker && { worker }) });
    onShutdown(() => runner.stop());
  },
});
