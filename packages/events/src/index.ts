export { publish, publishAll } from './publish.ts';
export type { Cause, Fact } from './publish.ts';
export { startRelay } from './relay.ts';
export type { Relay } from './relay.ts';
export { eventRoutes, on } from './subscribe.ts';
export type { Heard, Subscription } from './subscribe.ts';
