import { connect } from '@clientela/db';
import { createLog, runProcess } from '@clientela/runtime';
import { superviseJobs } from '../supervisor.ts';

// Stands for the customer service in tests that kill it.
await runProcess((onShutdown) => {
  const db = connect(process.env['TEST_DATABASE_URL'] ?? '', { pool: 2 });
  onShutdown(() => db.destroy());
  const entry = new URL('jobs-child.ts', import.meta.url).pathname;
  const supervisor = superviseJobs({ db, log: createLog('test', 'error', { redact: [] }), entry });
  onShutdown(() => supervisor.stop());
  return Promise.resolve();
});
