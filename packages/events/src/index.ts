export { listFailed, resendFailed } from './dead-letters.ts';
export type { FailedPosition } from './dead-letters.ts';
export { outboxPoolOptions, publish, publishAll } from './publish.ts';
export type { EventOrigin, EventPayload } from './publish.ts';
export { eventRoutes } from './routes.ts';
export { startEvents } from './start.ts';
export type { Events, EventSettings } from './start.ts';
export { subscribe } from './subscribe.ts';
export type { EventOf, Subscription } from './subscribe.ts';
