export { listFailed, resendFailed } from './failed.ts';
export type { FailedPosition } from './failed.ts';
export { eventPool, publish, publishAll } from './publish.ts';
export type { Cause, Fact } from './publish.ts';
export { eventRoutes } from './routes.ts';
export { startEvents } from './start.ts';
export type { Events, EventSettings } from './start.ts';
export { on } from './subscribe.ts';
export type { Heard, Subscription } from './subscribe.ts';
