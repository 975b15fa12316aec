import type { JobHandlers } from './jobs/job-handler.ts';

/** Lists the handler of each kind of job: jobs-main.ts passes what they need, tests replace it. */
export const jobHandlers = (): JobHandlers => ({});
