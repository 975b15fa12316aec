import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@clientela/db';
import { createLog, runProcess } from '@clientela/runtime';
import { runJobs } from '../worker.ts';

// Stands for jobs-main.ts in tests. Its handler appends `<pid> <chunk>` to the job's history in a table that the test creates.
await runProcess((onShutdown) => {
  const db = connect(process.env['TEST_DATABASE_URL'] ?? '', { pool: 3 });
  onShutdown(() => db.destroy());
  const runner = runJobs({
    db,
    log: createLog('test', 'error', { redact: [] }),
    worker: process.argv[2] ?? '',
    handlers: {
      'customers.import': async (job, { signal, saveProgress }) => {
        const { chunks, hangs_at } = job.input as { chunks: number; hangs_at?: number };
        for (let chunk = job.done + 1; chunk <= chunks; chunk += 1) {
          signal.throwIfAborted();
          if (chunk === hangs_at && job.attempt === 1) for (;;); // an event loop that hangs
          await db.transaction(async (tx) => {
            await saveProgress(tx, { done: chunk, total: chunks });
            await tx('written_chunks').insert({ job_id: job.id, chunk, pid: process.pid });
          });
          await sleep(50);
        }
      },
    },
  });
  onShutdown(() => runner.stop());
  return Promise.resolve();
});
